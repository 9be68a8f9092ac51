// What the shop has sold.

export const INVOICES = [
  { number: '2026-001', customer: 'u-1', cents: 12_900 },
  { number: '2026-002', customer: 'u-2', cents: 4_250 },
  { number: '2026-003', customer: 'u-1', cents: 990 },
]

export function invoicesCsv() {
  const lines = INVOICES.map(({ number, customer, cents }) => [number, customer, (cents / 100).toFixed(2)].join())
  return ['number,customer,amount', ...lines, ''].join('\r\n')
}
