// Where the request stands among the arguments of a handler, by transport.

/** Messages have no request of their own, even where the connection was one. */
export function isMessage(type: string): boolean {
  return type === 'ws' || type === 'rpc'
}

/** The request below a handler; GraphQL servers each keep it elsewhere in their context. */
export function requestOf(args: readonly unknown[], type: string): object | undefined {
  if (type === 'http') return args[0] as object | undefined
  const context = args[2] as { req?: object; request?: object; reply?: { request?: object } } | undefined
  return context?.req ?? context?.request ?? context?.reply?.request
}
