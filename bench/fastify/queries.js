import { and, eq, gt, isNull, sql } from 'drizzle-orm'

import { listedUser, notTooOld, session } from './columns.js'
import { outbox, sessions, tenants, userEmails, userRoles, users } from './tables.js'

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
          isNull(sessions.impersonatorId),
          gt(sessions.expiresAt, sql`now()`),
          notTooOld
        ))
      return found
    },

    listUsers (tenantId, limit, after) {
      const later = after && sql`(${users.createdAt}, ${users.id}) > (${after[0]}::timestamptz, ${after[1]}::uuid)`
      return db.select(listedUser).from(users)
        .where(and(eq(users.tenantId, tenantId), later))
        .orderBy(users.createdAt, users.id)
        .limit(limit)
    },

    createUser ({ roles, emailId, grantedBy, ...user }, event) {
      return db.transaction(async (tx) => {
        const [created] = await tx.insert(users).values(user).returning()
        const { tenantId, id: userId, email } = user
        await tx.insert(userEmails).values({ tenantId, id: emailId, userId, email })
        await tx.insert(userRoles).values(roles.map((role) => ({ tenantId, userId, role, grantedBy })))
        await tx.insert(outbox).values(event)
        return { ...created, roles, externalIds: {} }
      })
    }
  }
}
