import { readFileSync } from 'node:fs'

import { newId, render } from './ids.js'

const ROLES = JSON.parse(readFileSync(process.env.ROLES, 'utf8'))

export function permissionsOf (roles) {
  return ROLES.owner.filter((permission) => roles.some((role) => ROLES[role].includes(permission)))
}

export function toUser (row) {
  return {
    ...row,
    id: render('user', row.id),
    tenantId: render('tenant', row.tenantId),
    __type: 'User'
  }
}

export function toUserPrivate (row) {
  return {
    ...row,
    id: render('user', row.id),
    tenantId: render('tenant', row.tenantId),
    permissions: permissionsOf(row.roles),
    impersonator: null,
    __type: 'UserPrivate'
  }
}

export function createdEvent (user, actor) {
  const id = newId()
  const payload = {
    id: render('event', id),
    tenantId: render('tenant', user.tenantId),
    actor: render('user', actor.id),
    occurredAt: new Date().toISOString(),
    kind: 'user.created',
    userId: render('user', user.id),
    __type: 'UserCreated'
  }
  return { id, tenantId: user.tenantId, kind: 'user.created', payload }
}

export function writeCursor (row) {
  return Buffer.from(`${row.createdAt.toISOString()}|${row.id}`).toString('base64url')
}

export function readCursor (cursor) {
  return Buffer.from(cursor, 'base64url').toString().split('|')
}
