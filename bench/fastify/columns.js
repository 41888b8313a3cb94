import { getTableColumns, sql } from 'drizzle-orm'

import { sessions, tenants, userExternalIds, userRoles, users } from './tables.js'

// Subqueries of the one statement. Their columns are written out, since drizzle names no table where it sees one only.
const roles = sql`ARRAY(
  SELECT g.role FROM ${userRoles} g
  WHERE g.tenant_id = ${users}.tenant_id AND g.user_id = ${users}.id AND (g.expires_at IS NULL OR g.expires_at > now())
  ORDER BY g.role
)`

const externalIds = sql`coalesce((
  SELECT jsonb_object_agg(x.source, x.external_id) FROM ${userExternalIds} x
  WHERE x.tenant_id = ${users}.tenant_id AND x.user_id = ${users}.id
), '{}')`

export const signedInUser = { ...getTableColumns(users), roles: roles.as('roles') }

export const listedUser = { ...signedInUser, externalIds: externalIds.as('external_ids') }

/** What is found of a session; the shorter of its own, the server's and the tenant's lifetimes count. */
export const session = {
  user: signedInUser,
  slug: tenants.slug,
  tenantState: tenants.state,
  lastUsedAt: sessions.lastUsedAt,
  idleSeconds: sql`least(${sessions.idleSeconds}, CASE
    WHEN ${sessions.powerful} THEN least(3600, ${tenants.adminIdleSeconds})
    ELSE least(604800, ${tenants.memberIdleSeconds}) END)`.as('idle_seconds')
}

export const notTooOld = sql`${sessions.createdAt} + make_interval(secs => CASE
  WHEN ${sessions.powerful} THEN least(86400, ${tenants.adminLifetimeSeconds})
  ELSE least(2592000, ${tenants.memberLifetimeSeconds}) END) > now()`
