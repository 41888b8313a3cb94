import { and, eq, gt, isNull, sql } from 'drizzle-orm'

import { outbox, sessions, tenants, users } from './tables.js'

const session = {
  user: users,
  slug: tenants.slug,
  tenantState: tenants.state,
  lastUsedAt: sessions.lastUsedAt,
  idleSeconds: sessions.idleSeconds
}

/** The queries as drizzle's documentation writes them: built anew for each request. */
export function makeQueries (db) {
  return {
    async findSession (tokenHash) {
      const [found] = await db.select(session)
        .from(sessions)
        .innerJoin(users, and(eq(users.tenantId, sessions.tenantId), eq(users.id, sessions.userId)))
        .innerJoin(tenants, eq(tenants.id, sessions.tenantId))
        .where(and(
          eq(sessions.tokenHash, tokenHash),
          isNull(sessions.endedAt),
          gt(sessions.expiresAt, sql`now()`)
        ))
      return found
    },

    listUsers (tenantId, limit, after) {
      const later = after && sql`(${users.createdAt}, ${users.id}) > (${after[0]}::timestamptz, ${after[1]}::uuid)`
      return db.select().from(users)
        .where(and(eq(users.tenantId, tenantId), later))
        .orderBy(users.createdAt, users.id)
        .limit(limit)
    },

    createUser (user, event) {
      return db.transaction(async (tx) => {
        const [created] = await tx.insert(users).values(user).returning()
        await tx.insert(outbox).values(event)
        return created
      })
    }
  }
}
