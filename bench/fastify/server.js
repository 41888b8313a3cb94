import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'

import { build } from './app.js'
import * as built from './queries.js'
import * as prepared from './prepared.js'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const queries = (process.env.PREPARED ? prepared : built).makeQueries(drizzle(pool))

await build(queries).listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
