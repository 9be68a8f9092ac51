// Signing in and out, and the pages of a customer.
import { Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common'
import { answer, show } from '@trailproof/example-express-shop/lib/http.js'
import { homePage } from '@trailproof/example-express-shop/lib/page.js'
import type { Request, Response } from 'express'
import { PasswordGuard, UserGuard } from './guards.js'
import type { User } from './shop.js'

const REMEMBER_MS = 30 * 24 * 60 * 60 * 1000

export interface ShopSession {
  impersonatorId?: string
  cookie: { maxAge: number }
}

@Controller()
export class AccountController {
  @Get()
  home(@Req() req: Request, @Res() res: Response): void {
    res.type('html').send(homePage({ user: req.user, impersonated: Boolean(sessionOf(req).impersonatorId) }))
  }

  @Post('login')
  @HttpCode(200)
  @UseGuards(PasswordGuard)
  login(@Req() req: Request, @Res() res: Response): void {
    if (req.body.remember) sessionOf(req).cookie.maxAge = REMEMBER_MS
    answer(req, res, { redirect: '/', json: { user: view(req.user) } })
  }

  @Post('logout')
  @HttpCode(200)
  @UseGuards(UserGuard)
  async logout(@Req() req: Request, @Res() res: Response): Promise<void> {
    await new Promise<void>((resolve, reject) => req.logout((error) => (error ? reject(error) : resolve())))
    res.clearCookie('shop.sid')
    answer(req, res, { redirect: '/', json: {} })
  }

  @Get('account')
  @UseGuards(UserGuard)
  account(@Req() req: Request, @Res() res: Response): void {
    const { impersonatorId } = sessionOf(req)
    show(req, res, {
      page: () => homePage({ user: req.user, impersonated: Boolean(impersonatorId) }),
      json: { user: view(req.user), ...(impersonatorId && { impersonatedBy: impersonatorId }) },
    })
  }
}

export const sessionOf = (req: Request) => req.session as unknown as ShopSession

function view(user: unknown) {
  const { id, email, role } = user as User
  return { id, email, role }
}
