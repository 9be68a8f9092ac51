// What the decorators leave on handlers, read back from a handler first, then from its class.
import 'reflect-metadata'
import type { ExecutionContext } from '@nestjs/common'
import type { EventName, Target } from '@trailproof/core'

export interface AuditedOptions {
  /**
   * What was acted on.
   *
   * @param input the request (HTTP), the message (WebSocket, microservice) or the arguments (GraphQL)
   */
  // biome-ignore lint/suspicious/noExplicitAny: a request, a message or arguments, as the application knows them
  target?: (input: any, context: ExecutionContext) => Target | undefined
  /** A small map for the record. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  data?: (input: any, context: ExecutionContext) => Record<string, unknown> | undefined
}

/** Either of the two decorators; the one nearer to the handler counts. */
export type Marking = { event: EventName; options: AuditedOptions } | { unaudited: string }

export const MARKING = 'trailproof:marking'

export function markingOf(handler: object, type: object): Marking | undefined {
  return (Reflect.getMetadata(MARKING, handler) ?? Reflect.getMetadata(MARKING, type)) as Marking | undefined
}
