// An `ExecutionContext` for what is told before Nest has made one of its own: a handler that its guards turn away.
import type { ExecutionContext } from '@nestjs/common'

/** @param args of the handler: (request, response, next) over HTTP */
export function callOf(args: unknown[], instance: object, handler: (...args: never[]) => unknown, type: string) {
  const at = (index: number) => args[index]
  return {
    getArgs: () => args,
    getArgByIndex: at,
    getClass: () => instance.constructor,
    getHandler: () => handler,
    getType: () => type,
    switchToHttp: () => ({ getRequest: () => at(0), getResponse: () => at(1), getNext: () => at(2) }),
    switchToRpc: () => ({ getData: () => at(0), getContext: () => at(1) }),
    switchToWs: () => ({ getClient: () => at(0), getData: () => at(1), getPattern: () => at(args.length - 1) }),
  } as unknown as ExecutionContext
}
