/**
 * What is asked of the proxy, with a real Envoy (PATH, else installed as `npm start -- --envoy` does), measured.
 * `node scripts/checks/envoy.mjs [part...] [--minutes 15]`; no part: each; exit code 1 where a bound was broken.
 */
import { parseArgs } from 'node:util';
import { setUp } from '../setup.mjs';

setUp();
const { EnvoyStage } = await import('./envoy/stage.mjs');
const load = async (name) => (await import(`./envoy/${name}.mjs`))[name];
const { withCertificate } = await import('./envoy/tls.mjs');
const names = ['crowd', 'slow', 'replaced', 'tls', 'secrets', 'quiet'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } });
let broken = 0;

function say(line) {
  process.stdout.write(`  ${line}\n`);
}

/** More than the bound is a fault. */
function judge(what, measured, bound) {
  const bad = !(measured <= bound);
  if (bad) broken += 1;
  say(`${what}: ${measured}${bad ? ` — over ${bound}` : ''}`);
}

async function play(name, tls) {
  process.stdout.write(`${name}\n`);
  const part = await load(name);
  const stage = await EnvoyStage.start({ tls });
  try {
    await part(stage, { say, judge }, { minutes: Number(values.minutes ?? 15), ...tls });
  } finally {
    await stage.close();
  }
}

const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}: ${names.join(', ')}`);
for (const name of positionals.length > 0 ? positionals : names) {
  if (name === 'tls') await withCertificate((pair) => play(name, pair));
  else await play(name);
}
process.exit(broken === 0 ? 0 : 1);
