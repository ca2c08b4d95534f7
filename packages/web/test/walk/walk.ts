import { mkdirSync } from 'node:fs';
import type { BrowserContext } from 'playwright-core';
import { objections, outside } from '../access-steps.js';
import { Visitor } from '../browser.js';
import { type Hands, Person } from './person.js';
import type { WalkedSystem } from './system.js';

/** How a walk is done. */
export interface WalkForm {
  readonly keyboard: boolean;
  /** Whether each look also tries other widths and text of twice the size. */
  readonly sizes: boolean;
  /** Whether the people have asked their systems for reduced motion. */
  readonly calm: boolean;
  /** Folder for screenshots. */
  readonly pictures: string;
}

/** Opens browser contexts. A browser may lack some options. */
export type OpenContext = (options: {
  viewport: { width: number; height: number };
  isPhone: boolean;
  calm: boolean;
}) => Promise<BrowserContext>;

const sizes = { desktop: { width: 1_280, height: 800 }, phone: { width: 390, height: 844 } } as const;
const widths = [320, 480, 768, 1_024, 1_920];

/** Four people who use one system: three at desktops, and Dee at a phone. */
export interface Cast {
  readonly ann: Person;
  readonly bob: Person;
  readonly cy: Person;
  readonly dee: Person;
}

/** What a step is done with. */
export class Walk {
  readonly system: WalkedSystem;
  readonly form: WalkForm;
  /** What axe-core or a size had against a look. */
  readonly faults: string[] = [];
  looks = 0;
  readonly #open: OpenContext;

  constructor(system: WalkedSystem, form: WalkForm, open: OpenContext) {
    this.system = system;
    this.form = form;
    this.#open = open;
    mkdirSync(form.pictures, { recursive: true });
  }

  async person(name: string, isPhone = false, hasTouch = isPhone): Promise<Person> {
    const viewport = isPhone ? sizes.phone : sizes.desktop;
    const context = await this.#open({ viewport, isPhone, calm: this.form.calm });
    const visitor = await Visitor.come(context, this.system.url);
    const byPointer: Hands = hasTouch ? 'finger' : 'mouse';
    return new Person(name, visitor, { hands: this.form.keyboard ? 'keys' : byPointer, isPhone });
  }

  /** Signs a person in on another device, a desktop. */
  async again({ name, userId }: Person, password = 'correct horse'): Promise<Person> {
    const other = await this.person(name);
    await other.write(other.field('User ID'), userId);
    await other.write(other.field('Password'), password);
    await other.press(other.button('Sign in'));
    await other.button('Sign out').waitFor();
    return other;
  }

  /** Opens another tab of the same browser at an address. */
  async tab(person: Person, url: string): Promise<Person> {
    return person.with(await Visitor.come(person.page.context(), url));
  }

  /** Takes a screenshot, and lets axe-core check the page. */
  readonly look = async (person: Person, name: string): Promise<void> => {
    this.looks += 1;
    const number = String(this.looks).padStart(2, '0');
    const picture = (suffix = '') =>
      person.page.screenshot({ path: `${this.form.pictures}/${number}-${name}${suffix}.png` });
    await picture();
    this.#note(name, await objections(person.visitor));
    if (this.form.calm) this.#note(`${name} moves`, await movements(person));
    if (!this.form.sizes) return;
    await this.#tryWidths(person, name);
    await this.#tryLargeText(person, name, () => picture('-200'));
  };

  #note(name: string, found: readonly string[]): void {
    this.faults.push(...found.map((one) => `${name}: ${one}`));
  }

  async #tryWidths({ page, visitor }: Person, name: string): Promise<void> {
    const before = page.viewportSize() ?? sizes.desktop;
    for (const width of widths) {
      await page.setViewportSize({ ...before, width });
      this.#note(`${name} at ${width} px`, await outside(visitor));
    }
    await page.setViewportSize(before);
  }

  async #tryLargeText({ page, visitor }: Person, name: string, picture: () => Promise<unknown>): Promise<void> {
    const set = (size: string) =>
      page.evaluate((one) => document.documentElement.style.setProperty('font-size', one), size);
    await set('200%');
    await picture();
    this.#note(`${name} with text at 200 %`, await outside(visitor));
    await set('');
  }
}

/** Returns the animations that run although the user asked for reduced motion. */
function movements({ page }: Person): Promise<string[]> {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter((one) => Number(one.effect?.getComputedTiming().duration ?? 0) > 1)
      .map((one) => (one.effect as KeyframeEffect).target?.className ?? ''),
  );
}

/** One thing that people do, and what they then see. */
export type Step = readonly [title: string, run: (cast: Cast, walk: Walk) => Promise<void>];

/** Steps that belong together. They go on from the steps of the acts before. */
export interface Act {
  readonly title: string;
  readonly steps: readonly Step[];
}
