import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Visitor } from './browser.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Returns what axe-core objects to in the page, as it looks now. */
export async function objections({ page }: Visitor): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: checker } = window as unknown as {
      axe: { run: (options: object) => Promise<{ violations: Violation[] }> };
    };
    interface Violation {
      id: string;
      nodes: { html: string; failureSummary?: string }[];
    }
    const { violations } = await checker.run({ rules: { 'label-content-name-mismatch': { enabled: true } } });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  });
}

/** Returns the buttons and links that are not wholly on the screen, and whether the page scrolls sideways. */
export function outside({ page }: Visitor): Promise<string[]> {
  return page.evaluate(() => {
    const isOutside = (element: Element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (left < -1 || right > innerWidth + 1);
    };
    const all = [...document.querySelectorAll('button, a, textarea, h2')].filter(
      (element) => element.checkVisibility({ visibilityProperty: true }) && isOutside(element),
    );
    const sideways = document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : [];
    return [...sideways, ...all.map((element) => element.outerHTML.slice(0, 120))];
  });
}

/** Returns the elements that move without end. */
export function moving({ page }: Visitor): Promise<string[]> {
  return page.evaluate(() =>
    document.getAnimations().flatMap(({ effect }) => {
      if (!(effect instanceof KeyframeEffect) || effect.getTiming().iterations !== Number.POSITIVE_INFINITY) return [];
      return [effect.target?.outerHTML.slice(0, 120) ?? ''];
    }),
  );
}
