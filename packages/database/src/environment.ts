/**
 * Takes the PG* variables out of this process's environment. They are about other programs' servers, and node-postgres reads them
 * where a URL is silent: PGSSLMODE and PGOPTIONS would change every connection. What a connection needs is in its URL (`?sslmode=...`).
 */
export function ignoreEnvironment(): void {
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]+$/.test(name)) delete process.env[name];
}
