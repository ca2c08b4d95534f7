/**
 * Removes the PG* variables from this process's environment. They are meant for other servers, and
 * node-postgres would apply them (PGSSLMODE, PGOPTIONS) whenever the URL does not set the option.
 * Put connection options into the URL (`?sslmode=...`).
 */
export function ignoreEnvironment(): void {
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]+$/.test(name)) delete process.env[name];
}
