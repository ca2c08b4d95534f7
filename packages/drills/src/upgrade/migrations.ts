import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { type Disturbance, localSystemOf, soonMs } from '../disturbance.js';
import type { DrillContext } from '../drill-context.js';

const run = promisify(execFile);

/** Makes migrations fail after their first change, except for changes of the lists of migrations. */
const plantFailure = [
  'CREATE SCHEMA drill',
  `CREATE FUNCTION drill.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
     IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity NOT LIKE '%migration%') THEN
       RAISE EXCEPTION 'planted by the drill';
     END IF; END $$`,
  'CREATE EVENT TRIGGER drill_fails ON ddl_command_end EXECUTE FUNCTION drill.fail()',
];
const removeFailure = ['DROP EVENT TRIGGER drill_fails', 'DROP SCHEMA drill CASCADE'];

/** Everything that a migration can add to the schema. */
const schemaNow = `SELECT string_agg(x, ' ' ORDER BY x) AS all FROM (
    SELECT relname::text AS x FROM pg_class WHERE relnamespace = 'chat'::regnamespace
    UNION ALL SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'chat'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'chat'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'chat'::regnamespace AND NOT t.tgisinternal
    UNION ALL SELECT oid::regprocedure::text || md5(prosrc) FROM pg_proc WHERE pronamespace = 'chat'::regnamespace
  ) objects`;

interface Outcome {
  readonly succeeded: boolean;
  /** What it printed on stdout. */
  readonly output: string;
  /** Everything that it printed. */
  readonly words: string;
}

/** Runs `parley migrate` of a release. */
async function migrate(release: string, ownerUrl: string, ...options: readonly string[]): Promise<Outcome> {
  const args = [join(release, 'dist', 'command', 'parley.js'), 'migrate', '--database', ownerUrl, ...options];
  const outcome = await run(process.execPath, args).catch((thrown: { stdout: string; stderr: string }) => ({
    ...thrown,
    failed: true,
  }));
  const { stdout: output, stderr } = outcome;
  return { succeeded: !('failed' in outcome), output, words: `${output}${stderr}`.trim() };
}

/** Returns what is missing for a migration to the schema of a release. */
async function lacksMigration(release: string, ownerUrl: string): Promise<string | undefined> {
  const { succeeded, output } = await migrate(release, ownerUrl, '--plan', '--json');
  if (!succeeded) return undefined; // The migration itself then says why.
  const { planned } = JSON.parse(output) as { planned: readonly string[] };
  return planned.length === 0 ? 'there is no new migration' : undefined;
}

function migration(
  name: string,
  lacks: Disturbance['lacks'],
  make: (context: DrillContext) => Promise<Record<'complaints' | 'notes', string[]>>,
) {
  return {
    name,
    backWithinMs: soonMs,
    lacks,
    make: async (context) => {
      const since = performance.now();
      return { since, ...(await make(context)) };
    },
  } satisfies Disturbance;
}

/** A migration to the schema of a release that fails in the middle. Nothing may change. */
export function failedMigration(release: string, ownerUrl: string): Disturbance {
  const lacks = () => lacksMigration(release, ownerUrl);
  return migration('migration that fails', lacks, async (context) => {
    const system = localSystemOf(context);
    const before = await system.sql(schemaNow);
    for (const statement of plantFailure) await system.sql(statement);
    const { succeeded, words } = await migrate(release, ownerUrl);
    for (const statement of removeFailure) await system.sql(statement);
    const after = await system.sql(schemaNow);
    const complaints = [
      ...(succeeded ? ['it succeeded'] : []),
      ...(words.includes('Nothing has changed') ? [] : ['its error does not say that nothing has changed']),
      ...(JSON.stringify(after) === JSON.stringify(before) ? [] : ['it has changed the schema']),
    ];
    return { complaints, notes: [words] };
  });
}

/** The migration to the schema of a release. */
export function realMigration(release: string, ownerUrl: string): Disturbance {
  const lacks = () => lacksMigration(release, ownerUrl);
  return migration('migration', lacks, async () => {
    const { succeeded, words } = await migrate(release, ownerUrl);
    return { complaints: succeeded ? [] : ['it failed'], notes: [words.replaceAll('\n', ', ')] };
  });
}
