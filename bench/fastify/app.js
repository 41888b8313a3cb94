import { createHash } from 'node:crypto'

import cookie from '@fastify/cookie'
import Fastify from 'fastify'

import { newId, render } from './ids.js'
import { CreateUserInput, ListUsersQuery, ListUsersResponse, TenantParams, User, UserPrivate } from './schemas.js'
import { createdEvent, permissionsOf, readCursor, toUser, toUserPrivate, writeCursor } from './wire.js'

function refuse (statusCode, message) {
  return Object.assign(new Error(message), { statusCode })
}

function signedIn (queries) {
  return async function (request) {
    const token = request.cookies.central_session
    if (!token) throw refuse(401, 'Sign in first.')
    const found = await queries.findSession(createHash('sha256').update(token).digest())
    if (!found || found.user.state !== 'active' || found.tenantState !== 'active') throw refuse(401, 'Sign in first.')
    if (found.lastUsedAt.getTime() + found.idleSeconds * 1000 < Date.now()) throw refuse(401, 'Sign in first.')
    const { tenant } = request.params
    if (found.slug !== tenant && render('tenant', found.user.tenantId) !== tenant) {
      throw refuse(404, 'There is no such tenant here.')
    }
    request.user = found.user
  }
}

function mayDo (permission) {
  return async function (request) {
    if (!permissionsOf(request.user.roles).includes(permission)) throw refuse(403, `That takes ${permission}.`)
  }
}

export function build (queries) {
  const app = Fastify().withTypeProvider()
  app.register(cookie)
  app.decorateRequest('user', null)
  const signIn = signedIn(queries)

  app.get('/v1/tenants/:tenant/me', {
    schema: { params: TenantParams, response: { 200: UserPrivate } },
    preHandler: signIn
  }, async (request) => toUserPrivate(request.user))

  app.get('/v1/tenants/:tenant/users', {
    schema: { params: TenantParams, querystring: ListUsersQuery, response: { 200: ListUsersResponse } },
    preHandler: [signIn, mayDo('users:read')]
  }, async (request) => {
    const { limit, cursor } = request.query
    const rows = await queries.listUsers(request.user.tenantId, limit + 1, cursor && readCursor(cursor))
    const nextCursor = rows.length > limit ? writeCursor(rows[limit - 1]) : null
    return { nextCursor, users: rows.slice(0, limit).map(toUser), __type: 'ListUsersResponse' }
  })

  app.post('/v1/tenants/:tenant/users', {
    schema: { params: TenantParams, body: CreateUserInput, response: { 201: User } },
    preHandler: [signIn, mayDo('users:write')]
  }, async (request, reply) => {
    const { email, displayName = email.split('@')[0], roles } = request.body
    if (roles.includes('owner') && !request.user.roles.includes('owner')) throw refuse(403, 'Only owners make owners.')
    const { tenantId, id: grantedBy } = request.user
    const user = { tenantId, id: newId(), email, displayName, roles, emailId: newId(), grantedBy }
    try {
      const created = await queries.createUser(user, createdEvent(user, request.user))
      return reply.code(201).send(toUser(created))
    } catch (error) {
      if (error.cause?.code === '23505') throw refuse(409, 'The address is taken.')
      throw error
    }
  })

  return app
}
