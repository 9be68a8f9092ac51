// Who may pass: by password, by being signed in, by role.
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common'
import { httpError } from '@trailproof/example-express-shop/lib/http.js'
import type { Request, RequestHandler, Response } from 'express'
import { Shop, type User } from './shop.js'

/** Runs a middleware of passport as a guard: whoever it does not let pass gets the error it says. */
function pass(middleware: RequestHandler, context: ExecutionContext): Promise<boolean> {
  const http = context.switchToHttp()
  return new Promise((resolve, reject) => {
    const next = (error?: unknown) => (error ? reject(error) : resolve(true))
    middleware(http.getRequest<Request>(), http.getResponse<Response>(), next)
  })
}

@Injectable()
export class PasswordGuard implements CanActivate {
  constructor(@Inject(Shop) private readonly shop: Shop) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return pass(this.shop.signIn.toSession, context)
  }
}

/** A session is as good as a password. */
@Injectable()
export class SessionOrPasswordGuard implements CanActivate {
  constructor(@Inject(Shop) private readonly shop: Shop) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return context.switchToHttp().getRequest<Request>().isAuthenticated() || pass(this.shop.signIn.once, context)
  }
}

@Injectable()
export class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!context.switchToHttp().getRequest<Request>().isAuthenticated()) throw httpError(401)
    return true
  }
}

@Injectable()
export class AdminGuard extends UserGuard {
  override canActivate(context: ExecutionContext): boolean {
    super.canActivate(context)
    const { role } = context.switchToHttp().getRequest<Request>().user as User
    if (role !== 'admin') throw httpError(403)
    return true
  }
}
