import { boolean, customType, integer, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const central = pgSchema('central')
const bytea = customType({ dataType: () => 'bytea' })
const instant = (name) => timestamp(name, { withTimezone: true })

export const tenants = central.table('tenants', {
  id: uuid().primaryKey(),
  slug: text().notNull(),
  name: text().notNull(),
  state: text().notNull()
})

export const users = central.table('users', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  email: text().notNull(),
  emailVerified: boolean('email_verified').notNull().default(false),
  displayName: text('display_name').notNull(),
  roles: text().array().notNull(),
  systemPermissions: text('system_permissions').array().notNull().default([]),
  state: text().notNull().default('active'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  disabledAt: instant('disabled_at'),
  lastSignInAt: instant('last_sign_in_at'),
  version: integer().notNull().default(1)
}, (table) => [primaryKey({ columns: [table.tenantId, table.id] })])

export const sessions = central.table('sessions', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  userId: uuid('user_id').notNull(),
  tokenHash: bytea('token_hash').notNull(),
  lastUsedAt: instant('last_used_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  idleSeconds: integer('idle_seconds').notNull(),
  endedAt: instant('ended_at')
}, (table) => [primaryKey({ columns: [table.tenantId, table.id] })])

export const outbox = central.table('outbox', {
  id: uuid().primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  kind: text().notNull(),
  payload: jsonb().notNull()
})
