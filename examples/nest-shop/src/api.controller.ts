// The API for programs and phones: tokens instead of cookies.
import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Post, Req, UseGuards } from '@nestjs/common'
import { httpError } from '@trailproof/example-express-shop/lib/http.js'
import type { Request } from 'express'
import { SessionOrPasswordGuard } from './guards.js'
import { Shop, type User } from './shop.js'

@Controller('api')
export class ApiController {
  constructor(@Inject(Shop) private readonly shop: Shop) {}

  @Post('token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @UseGuards(SessionOrPasswordGuard)
  token(@Req() req: Request): object {
    return this.shop.tokens.issue(req.user as User)
  }

  @Post('token/refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  refresh(@Body() body: unknown): Promise<object> {
    return this.shop.tokens.refresh(field(body, 'refresh_token'))
  }

  @Post('token/revoke')
  @HttpCode(200)
  async revoke(@Body() body: unknown): Promise<object> {
    await this.shop.tokens.revoke(field(body, 'token'))
    return {}
  }

  @Get('me')
  me(@Headers('authorization') authorization = ''): object {
    const token = /^Bearer (\S+)$/i.exec(authorization)?.[1]
    if (!token) throw httpError(401)
    const { id, email, role } = this.shop.tokens.access(token).user
    return { id, email, role }
  }
}

function field(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | undefined)?.[name]
  if (typeof value !== 'string') throw httpError(400)
  return value
}
