/**
 * Measures a real Envoy (from the PATH, or else installed as `npm start -- --envoy` does) against
 * the requirements of Parley. `node scripts/checks/envoy.mjs [part...] [--minutes 15]` runs the
 * given parts, or all. The exit code is 1 if a limit was exceeded.
 */
import { parseArgs } from 'node:util';
import { setUp } from '../setup.mjs';

setUp();
const { EnvoySystem } = await import('./envoy/system.mjs');
const loadPart = async (name) => (await import(`./envoy/${name}.mjs`))[name];
const { withCertificate } = await import('./envoy/tls.mjs');
const names = ['load', 'slow', 'replaced', 'tls', 'secrets', 'quiet'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } });
let broken = 0;

function log(line) {
  process.stdout.write(`  ${line}\n`);
}

/** Prints a measurement. A measurement above its limit is a fault. */
function judge(label, measured, bound) {
  const bad = !(measured <= bound);
  if (bad) broken += 1;
  log(`${label}: ${measured}${bad ? ` — exceeds ${bound}` : ''}`);
}

async function play(name, tls) {
  process.stdout.write(`${name}\n`);
  const part = await loadPart(name);
  const system = await EnvoySystem.start({ tls });
  try {
    await part(system, { log, judge }, { minutes: Number(values.minutes ?? 15), ...tls });
  } finally {
    await system.close();
  }
}

const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}. Choose from ${names.join(', ')}.`);
for (const name of positionals.length > 0 ? positionals : names) {
  if (name === 'tls') await withCertificate((pair) => play(name, pair));
  else await play(name);
}
process.exit(broken === 0 ? 0 : 1);
