import { Type } from 'typebox'

const Role = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')])
const Instant = Type.Unsafe({ type: 'string', format: 'date-time' })
const InstantOrNull = Type.Union([Instant, Type.Null()])
const Text = Type.String()
const TextOrNull = Type.Union([Text, Type.Null()])

export const TenantParams = Type.Object({ tenant: Type.String({ minLength: 1, maxLength: 64 }) })

export const ListUsersQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 2000 }))
})

export const CreateUserInput = Type.Object({
  email: Type.String({ format: 'email', maxLength: 254 }),
  displayName: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  roles: Type.Array(Role, { minItems: 1, maxItems: 3, default: ['member'] })
}, { additionalProperties: false })

export const User = Type.Object({
  id: Text,
  tenantId: Text,
  email: Text,
  emailVerified: Type.Boolean(),
  displayName: Text,
  roles: Type.Array(Text),
  state: Text,
  createdAt: Instant,
  updatedAt: Instant,
  disabledAt: InstantOrNull,
  lastSignInAt: InstantOrNull,
  version: Type.Integer(),
  locale: TextOrNull,
  timeZone: TextOrNull,
  tags: Type.Record(Text, Text),
  attributes: Type.Record(Text, Type.Any()),
  externalIds: Type.Record(Text, Text),
  avatar: Type.Union([Type.Record(Text, Text), Type.Null()]),
  __type: Type.Literal('User')
})

export const UserPrivate = Type.Object({
  id: Text,
  tenantId: Text,
  email: Text,
  emailVerified: Type.Boolean(),
  displayName: Text,
  roles: Type.Array(Text),
  permissions: Type.Array(Text),
  systemPermissions: Type.Array(Text),
  state: Text,
  createdAt: Instant,
  updatedAt: Instant,
  lastSignInAt: InstantOrNull,
  version: Type.Integer(),
  locale: TextOrNull,
  timeZone: TextOrNull,
  impersonator: Type.Null(),
  __type: Type.Literal('UserPrivate')
})

export const ListUsersResponse = Type.Object({
  nextCursor: Type.Union([Text, Type.Null()]),
  users: Type.Array(User),
  __type: Type.Literal('ListUsersResponse')
})
