import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { SERVICE_ROLES } from '../src/index.js';
import { TestServer } from './server.js';

/**
 * Expected rights of each role, maintained by hand. To widen a role, change this file too, and
 * explain the change in the migration.
 */
const expected = readFileSync(fileURLToPath(new URL('../../test/rights.txt', import.meta.url)), 'utf8');

/** Reads every right of the service roles and of PUBLIC in this database, one line per object. */
const rights = `
  WITH grants AS (
    SELECT a.grantee, c.relname AS object, '' AS columns, a.privilege_type AS privilege
    FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'chat'::regnamespace
    UNION ALL
    SELECT a.grantee, c.relname, t.attname, a.privilege_type
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a WHERE c.relnamespace = 'chat'::regnamespace
    UNION ALL
    SELECT a.grantee, p.proname || '()', '', a.privilege_type
    FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE p.pronamespace = 'chat'::regnamespace
    UNION ALL
    SELECT a.grantee, 'the schema', '', a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'chat'
    UNION ALL
    SELECT a.grantee, 'the database', '', a.privilege_type FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = current_database()
  ), lines AS (
    SELECT coalesce(r.rolname, 'PUBLIC') AS role, g.object, lower(g.privilege) || coalesce(
      ' (' || nullif(string_agg(g.columns, ', ' ORDER BY g.columns), '') || ')', '') AS right
    FROM grants g LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE g.grantee = 0 OR r.rolname = ANY ($1) GROUP BY 1, 2, g.privilege, g.columns = ''
  )
  SELECT role || ' ' || object || ': ' || string_agg(lines.right, ', ' ORDER BY lines.right) AS line FROM lines GROUP BY role, object ORDER BY role, object`;

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = await TestServer.start();
  pool = server.pool(await server.migratedDatabase());
});
afterAll(() => server.stop());

test('gives each role exactly the rights in rights.txt', async () => {
  const { rows } = await pool.query<{ line: string }>(rights, [[...SERVICE_ROLES]]);
  expect(rows.map(({ line }) => line)).toEqual(expected.trim().split('\n'));
});

test('gives no service role superuser, role, database, row-policy or membership rights', async () => {
  const { rows } = await pool.query(
    `SELECT count(*)::int AS n FROM pg_roles r WHERE rolname = ANY ($1) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
       OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))`,
    [[...SERVICE_ROLES]],
  );
  expect(rows).toEqual([{ n: 0 }]);
});
