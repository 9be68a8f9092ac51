// A browser as the shop sees one: its own cookies, user agent, address and connections. Everything goes over real HTTP.

import http from 'node:http'
import { CookieJar } from './cookies.mjs'
import { Secrets } from './secrets.mjs'

const ACCEPT_PAGE = 'text/html,application/xhtml+xml,*/*;q=0.8'

export class Browser {
  jar = new CookieJar()
  baseUrl // set when the scenario starts
  answers = [] // of all requests, in order; a scenario may share one list between its browsers
  #agent

  /**
   * @param {object} options
   * @param {string} options.name - for error messages
   * @param {string} options.userAgent
   * @param {string} [options.localAddress] - the address that the shop sees; Linux answers on all of 127.0.0.0/8
   * @param {Record<string, string>} [options.headers] - sent with every request, as client hints are
   * @param {Secrets} [options.secrets] - where secrets are kept; browsers of one world share it
   */
  constructor({ name, userAgent, localAddress, headers = {}, secrets = new Secrets() }) {
    Object.assign(this, { name, userAgent, headers, secrets })
    const from = process.platform === 'linux' ? { localAddress } : {}
    this.#agent = new http.Agent({ keepAlive: true, ...from })
  }

  get secretsSeen() {
    return this.secrets.list()
  }

  get = (path, options) => this.request('GET', path, options)
  post = (path, options) => this.request('POST', path, options)

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [options]
   * @param {object} [options.json] - body as a script sends it
   * @param {object} [options.form] - body as a form of a page sends it
   * @param {string} [options.token] - Bearer token
   * @param {Record<string, string>} [options.headers]
   * @param {number} [options.expect] - status; any other is an error
   * @returns {Promise<{ status: number, headers: object, body: string, json: any }>}
   */
  async request(method, path, { json, form, token, headers = {}, expect } = {}) {
    const body = json ? JSON.stringify(json) : form ? new URLSearchParams(form).toString() : undefined
    this.secrets.addFields(json ?? form)
    if (token) this.secrets.addToken(token)
    for (const value of this.jar.values()) this.secrets.addCookie(value)

    const answer = await this.#send(method, path, body, {
      'user-agent': this.userAgent,
      accept: form ? ACCEPT_PAGE : 'application/json',
      ...(body !== undefined && {
        'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      }),
      ...(this.jar.header() && { cookie: this.jar.header() }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...this.headers,
      ...headers,
    })

    this.jar.store(answer.headers['set-cookie'])
    for (const value of this.jar.values()) this.secrets.addCookie(value)
    this.secrets.addFields(answer.json)
    this.answers.push({ browser: this.name, method, path, ...answer })
    if (expect !== undefined && answer.status !== expect) {
      throw new Error(`${this.name}: ${method} ${path} answered ${answer.status}, expected ${expect}`)
    }
    return answer
  }

  #send(method, path, body, headers) {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.baseUrl)
      const req = http.request(url, { method, headers, agent: this.#agent, timeout: 30_000 }, async (res) => {
        try {
          let text = ''
          for await (const chunk of res.setEncoding('utf8')) text += chunk
          const isJson = /^application\/json/.test(res.headers['content-type'] ?? '')
          const answer = { status: res.statusCode, headers: res.headers, body: text }
          resolve({ ...answer, json: isJson ? JSON.parse(text) : undefined })
        } catch (error) {
          reject(error)
        }
      })
      req.on('timeout', () => req.destroy(new Error(`${this.name}: ${method} ${path} had no answer in 30 s`)))
      req.on('error', reject)
      req.end(body)
    })
  }

  close() {
    this.#agent.destroy()
  }
}
