// Administration: what an auditor asks about first. Facts that no hook can see are recorded here, by name.
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common'
import { answer, httpError, show } from '@trailproof/example-express-shop/lib/http.js'
import { INVOICES, invoicesCsv } from '@trailproof/example-express-shop/lib/invoices.js'
import { adminPage } from '@trailproof/example-express-shop/lib/page.js'
import { Audited } from '@trailproof/nestjs'
import type { Request, Response } from 'express'
import { sessionOf } from './account.controller.js'
import { AdminGuard, UserGuard } from './guards.js'
import { Shop, type User } from './shop.js'

@Controller('admin')
export class AdminController {
  constructor(@Inject(Shop) private readonly shop: Shop) {}

  @Get()
  @UseGuards(AdminGuard)
  users(@Req() req: Request, @Res() res: Response): void {
    const all = this.shop.users.all()
    show(req, res, { page: () => adminPage(all), json: { users: all } })
  }

  @Get('invoices.csv')
  @UseGuards(AdminGuard)
  @Audited('invoice.exported', {
    target: () => ({ type: 'invoices', id: 'all' }),
    data: () => ({ format: 'csv', rows: INVOICES.length }),
  })
  invoices(@Res() res: Response): void {
    res.attachment('invoices.csv').send(invoicesCsv())
  }

  @Post('users/:id/disable')
  @HttpCode(200)
  @UseGuards(AdminGuard)
  async disable(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const user = this.#find(id)
    this.shop.users.disable(user)
    await this.shop.audit?.record({ event: 'account.disabled', actor: req.user!, target: { account: user } })
    answer(req, res, { redirect: '/admin', json: { id, disabled: true } })
  }

  @Post('impersonate/stop')
  @HttpCode(200)
  @UseGuards(UserGuard)
  async stop(@Req() req: Request, @Res() res: Response): Promise<void> {
    const admin = this.shop.users.byId(sessionOf(req).impersonatorId)
    if (!admin) throw httpError(409)
    const impersonated = req.user!
    await signInAs(req, admin)
    await this.shop.audit?.record({ event: 'impersonation.stopped', actor: admin, target: { account: impersonated } })
    answer(req, res, { redirect: '/', json: { id: admin.id } })
  }

  @Post('impersonate/:id')
  @HttpCode(200)
  @UseGuards(AdminGuard)
  async impersonate(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const admin = req.user as User
    const user = this.#find(id)
    if (user.role === 'admin') throw httpError(403)
    // First the record, then the session: nobody acts as another person without a trace.
    await this.shop.audit?.record({ event: 'impersonation.started', actor: admin, target: { account: user } })
    await signInAs(req, user)
    sessionOf(req).impersonatorId = admin.id
    answer(req, res, { redirect: '/', json: { id, impersonatedBy: admin.id } })
  }

  #find(id: string): User {
    const user = this.shop.users.byId(id)
    if (!user || user.disabled) throw httpError(404)
    return user
  }
}

// A new session each time, so that nothing of one person's session carries over to the other's.
const signInAs = (req: Request, user: User) =>
  new Promise<void>((resolve, reject) => req.login(user, (error) => (error ? reject(error) : resolve())))
