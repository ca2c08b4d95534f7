/** Command `npm run walk`: four people use everything that the page has, and screenshots are taken. */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openChromium, openFirefox } from './browsers.js';
import { conversation } from './conversation.js';
import { list } from './list.js';
import { offline } from './offline.js';
import { people } from './people.js';
import { settings } from './settings.js';
import { WalkedSystem } from './system.js';
import { told } from './told.js';
import { type Act, type Cast, Walk } from './walk.js';

const help = `npm run walk -- [options]

  --envoy           reach the system through Envoy instead of the gateway
  --keyboard        do every step by keys alone
  --sizes           at each look, also try widths of 320 to 1920 px and text at 200 %
  --calm            ask for reduced motion
  --firefox DIR     use firefox-esr by WebDriver BiDi, with the playwright-core 1.56 that is installed in DIR
  --steps NUMBERS   do only these steps, such as 1-12,29,41-61; each goes on from what earlier steps did
  --pictures DIR    folder for screenshots (default: .parley/walk)
  --help            show this help
`;

const acts: readonly Act[] = [people, list, conversation, told, offline, settings];

const { values } = parseArgs({
  options: {
    envoy: { type: 'boolean', default: false },
    keyboard: { type: 'boolean', default: false },
    sizes: { type: 'boolean', default: false },
    calm: { type: 'boolean', default: false },
    firefox: { type: 'string' },
    steps: { type: 'string', default: '1-999' },
    pictures: { type: 'string', default: '.parley/walk' },
    help: { type: 'boolean', default: false },
  },
});
/** Maximum duration of a step. */
const mostMs = 180_000;
const log = (line: string) => void process.stdout.write(`${line}\n`);

/** The first and the last number of each range of steps to do. */
const ranges = values.steps.split(',').map((range) => range.split('-').map(Number));

function isChosen(number: number): boolean {
  return ranges.some(([first = 0, last = first]) => first <= number && number <= last);
}

/** Rejects when a step has taken too long. */
async function deadline(): Promise<never> {
  await pause(mostMs, undefined, { ref: false });
  throw new Error(`The step is not done after ${mostMs / 1_000} s.`);
}

/** Does the chosen steps of all acts. A failed step does not end the walk. Returns the titles of failed steps. */
async function walkThrough(cast: Cast, walk: Walk): Promise<string[]> {
  const failed: string[] = [];
  let number = 0;
  let done = 0;
  for (const { title, steps } of acts) {
    log(title);
    for (const [what, run] of steps) {
      number += 1;
      if (!isChosen(number)) continue;
      done += 1;
      const began = performance.now();
      try {
        await Promise.race([run(cast, walk), deadline()]);
        log(`  ${number} ${what} (${Math.round((performance.now() - began) / 1_000)} s)`);
      } catch (thrown) {
        failed.push(what);
        log(`  ${number} FAILED ${what}: ${thrown instanceof Error ? thrown.message : thrown}`);
        for (const { name, page } of Object.values(cast))
          await page.screenshot({ path: `${walk.form.pictures}/failed-${number}-${name}.png` }).catch(() => {});
      }
    }
  }
  log(`${done - failed.length} of ${done} steps passed, ${walk.looks} screenshots`);
  return failed;
}

async function run(): Promise<boolean> {
  const system = await WalkedSystem.start(values.envoy);
  const { firefox } = values;
  const browser = await (firefox === undefined
    ? openChromium(system.url)
    : openFirefox(firefox, '/usr/bin/firefox-esr'));
  try {
    const walk = new Walk(system, values, browser.open);
    const cast: Cast = {
      ann: await walk.person('Ann'),
      bob: await walk.person('Bob'),
      cy: await walk.person('Cy'),
      dee: await walk.person('Dee', true, values.firefox === undefined),
    };
    const failed = await walkThrough(cast, walk);
    const complaints = Object.values(cast).flatMap(({ name, visitor }: Cast['ann']) =>
      visitor.complaints.map((one) => `console of ${name}: ${one}`),
    );
    for (const fault of [...walk.faults, ...complaints]) log(`fault: ${fault}`);
    return failed.length + walk.faults.length + complaints.length === 0;
  } finally {
    await browser.close();
    await system.stop();
  }
}

if (values.help) log(help);
else process.exitCode = (await run()) ? 0 : 1;
