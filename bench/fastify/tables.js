import { boolean, customType, integer, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const central = pgSchema('central')
const bytea = customType({ dataType: () => 'bytea' })
const instant = (name) => timestamp(name, { withTimezone: true })

export const tenants = central.table('tenants', {
  id: uuid().primaryKey(),
  slug: text().notNull(),
  name: text().notNull(),
  state: text().notNull(),
  memberIdleSeconds: integer('member_idle_seconds'),
  memberLifetimeSeconds: integer('member_lifetime_seconds'),
  adminIdleSeconds: integer('admin_idle_seconds'),
  adminLifetimeSeconds: integer('admin_lifetime_seconds')
})

export const users = central.table('users', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  email: text().notNull(),
  emailVerified: boolean('email_verified').notNull().default(false),
  displayName: text('display_name').notNull(),
  systemPermissions: text('system_permissions').array().notNull().default([]),
  state: text().notNull().default('active'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  disabledAt: instant('disabled_at'),
  lastSignInAt: instant('last_sign_in_at'),
  version: integer().notNull().default(1),
  locale: text(),
  timeZone: text('time_zone'),
  tags: jsonb().notNull().default({}),
  attributes: jsonb().notNull().default({}),
  avatar: jsonb()
}, (table) => [primaryKey({ columns: [table.tenantId, table.id] })])

export const userEmails = central.table('user_emails', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  userId: uuid('user_id').notNull(),
  email: text().notNull()
}, (table) => [primaryKey({ columns: [table.tenantId, table.id] })])

export const userRoles = central.table('user_roles', {
  tenantId: uuid('tenant_id').notNull(),
  userId: uuid('user_id').notNull(),
  role: text().notNull(),
  expiresAt: instant('expires_at'),
  grantedBy: uuid('granted_by')
}, (table) => [primaryKey({ columns: [table.tenantId, table.userId, table.role] })])

export const userExternalIds = central.table('user_external_ids', {
  tenantId: uuid('tenant_id').notNull(),
  userId: uuid('user_id').notNull(),
  source: text().notNull(),
  externalId: text('external_id').notNull()
}, (table) => [primaryKey({ columns: [table.tenantId, table.userId, table.source] })])

export const sessions = central.table('sessions', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  userId: uuid('user_id').notNull(),
  tokenHash: bytea('token_hash').notNull(),
  createdAt: instant('created_at').notNull(),
  powerful: boolean().notNull(),
  impersonatorId: uuid('impersonator_id'),
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
