// Errors that show nothing internal; a refusal by the audit (503) reaches the client as what it is.
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common'
import { handleError } from '@trailproof/example-express-shop/lib/http.js'

@Catch()
export class ErrorsFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const shown = error instanceof HttpException ? { status: error.getStatus(), stack: error.stack } : error
    handleError(shown, http.getRequest(), http.getResponse(), http.getNext())
  }
}
