import { and, eq, gt, isNull, sql } from 'drizzle-orm'

import { listedUser, notTooOld, session } from './columns.js'
import { outbox, sessions, tenants, userEmails, userRoles, users } from './tables.js'

const given = sql.placeholder

function findSession (db) {
  return db.select(session)
    .from(sessions)
    .innerJoin(users, and(eq(users.tenantId, sessions.tenantId), eq(users.id, sessions.userId)))
    .innerJoin(tenants, eq(tenants.id, sessions.tenantId))
    .where(and(
      eq(sessions.tokenHash, given('tokenHash')),
      isNull(sessions.endedAt),
      isNull(sessions.impersonatorId),
      gt(sessions.expiresAt, sql`now()`),
      notTooOld
    ))
    .prepare('find_session')
}

function listUsers (db, name, later) {
  return db.select(listedUser).from(users)
    .where(and(eq(users.tenantId, given('tenantId')), later))
    .orderBy(users.createdAt, users.id)
    .limit(given('limit'))
    .prepare(name)
}

// A transaction's statements cannot be prepared ahead of it; one statement that inserts all rows can.
function createUser (db) {
  const created = db.$with('created').as(db.insert(users).values({
    tenantId: given('tenantId'),
    id: given('id'),
    email: given('email'),
    displayName: given('displayName')
  }).returning())
  const addressed = db.$with('addressed').as(db.insert(userEmails).values({
    tenantId: given('tenantId'),
    id: given('emailId'),
    userId: given('id'),
    email: given('email')
  }).returning({ emailId: userEmails.id }))
  const granted = db.$with('granted').as(db.insert(userRoles).select(sql`
    SELECT ${given('tenantId')}::uuid, ${given('id')}::uuid, unnest(${given('roles')}::text[]), NULL::timestamptz,
      ${given('grantedBy')}::uuid
  `).returning({ role: userRoles.role }))
  const told = db.$with('told').as(db.insert(outbox).values({
    id: given('eventId'),
    tenantId: given('tenantId'),
    kind: given('kind'),
    payload: given('payload')
  }).returning({ eventId: outbox.id }))
  return db.with(created, addressed, granted, told).select().from(created).prepare('create_user')
}

/** The same queries, prepared once. */
export function makeQueries (db) {
  const session = findSession(db)
  const firstPage = listUsers(db, 'first_page')
  const later = sql`(${users.createdAt}, ${users.id}) > (${given('time')}::timestamptz, ${given('after')}::uuid)`
  const nextPage = listUsers(db, 'next_page', later)
  const create = createUser(db)
  return {
    async findSession (tokenHash) {
      const [found] = await session.execute({ tokenHash })
      return found
    },

    listUsers (tenantId, limit, after) {
      if (!after) return firstPage.execute({ tenantId, limit })
      return nextPage.execute({ tenantId, limit, time: after[0], after: after[1] })
    },

    async createUser (user, event) {
      const [created] = await create.execute({ ...event, ...user, eventId: event.id })
      return { ...created, roles: user.roles, externalIds: {} }
    }
  }
}
