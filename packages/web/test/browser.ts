import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { until } from '@parley/testkit';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

const wholeNames = ['chromium', 'chromium-browser', 'google-chrome'];
const names = ['chromium-headless-shell', ...wholeNames];

function onPath(programs: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => programs.map((name) => join(folder, name))).find(existsSync);
}

/** Path of a Chromium on the PATH, if there is one. */
export const chromiumPath = onPath(names);
/** Path of a whole Chromium, which also shows notifications. The headless shell has none. */
export const wholeChromiumPath = onPath(wholeNames);

const fakeMicrophone = ['device', 'ui'].map((part) => `--use-fake-${part}-for-media-stream`);

function launchFrom(executablePath = '', ...args: string[]): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args], timeout: 120_000 });
}

/** Starts a headless Chromium, with a microphone that beeps and is always permitted. */
export function launch(): Promise<Browser> {
  return launchFrom(chromiumPath, ...fakeMicrophone);
}

/** Starts a whole Chromium without a window. */
export function launchWhole(): Promise<Browser> {
  return launchFrom(wholeChromiumPath, '--headless=new', ...fakeMicrophone);
}

/** One tab, driven as a user would. */
export class Visitor {
  readonly page: Page;
  /** Warnings and errors in the console, except those of the network, which some tests cut off. */
  readonly complaints: string[] = [];
  /** Names of the calls that the page has made. */
  readonly calls: string[] = [];
  /** Number of open streams of rooms. A stream that breaks, as on a busy machine, is opened again. */
  streams = 0;

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      const isNetwork = /Failed to load resource|ERR_|WebSocket connection/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isNetwork) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const [, call] = /\/chat\.v1\.\w+\/(\w+)$/.exec(request.url()) ?? [];
      if (call !== undefined) this.calls.push(call);
      if (call === 'Subscribe') this.streams += 1;
    });
    for (const end of ['requestfinished', 'requestfailed'] as const)
      page.on(end as 'requestfinished', (request) => {
        if (request.url().endsWith('/Subscribe')) this.streams -= 1;
      });
  }

  static async come(context: BrowserContext, url: string): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(url);
    return visitor;
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  async signUp(userId: string, name: string): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('User ID').fill(userId);
    await page.getByLabel('Display name').fill(name);
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  async signIn(userId: string): Promise<void> {
    const { page } = this;
    await page.getByLabel('User ID').fill(userId);
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  async make(room: string, { limit, retention }: { limit?: number; retention?: string } = {}): Promise<void> {
    const { page } = this;
    const name = page.getByLabel('Name', { exact: true });
    // Uses the keyboard, because lists that still load may move the button in the middle of a click.
    // Tries again, because they may also take the focus from the button before the key arrives.
    await until(async () => {
      if (await name.isVisible()) return true;
      const pressed = page.getByRole('button', { name: 'Create room' }).first().press('Enter', { timeout: 1_000 });
      await pressed.catch(() => {});
      await name.waitFor({ timeout: 1_000 }).catch(() => {});
      return name.isVisible();
    });
    await name.fill(room);
    if (limit !== undefined) await page.getByLabel('Maximum number of people').fill(`${limit}`);
    if (retention !== undefined) await page.locator('select[name=retention]').selectOption(retention);
    await page.getByRole('dialog').getByRole('button', { name: 'Create room' }).click();
    await this.inside(room);
  }

  async enter(room: string): Promise<void> {
    await this.open(this.page.getByRole('link', { name: room }), room);
    await this.live();
  }

  /** Clicks the link of a chat or room, and waits until its name is the heading. */
  async open(link: Locator, name: string): Promise<void> {
    const heading = this.headingOf(name);
    // Tries again, because a list that still loads may move another link under the pointer.
    await until(async () => {
      await link.click();
      await heading.waitFor({ timeout: 2_000 }).catch(() => {});
      return heading.isVisible();
    });
  }

  /** Returns the heading of an open chat or room. */
  headingOf(name: string): Locator {
    return this.page.getByRole('heading', { level: 2, name, exact: true });
  }

  /** Waits until the room is open and live. */
  private async inside(room: string): Promise<void> {
    await this.headingOf(room).waitFor();
    await this.live();
  }

  /** Waits until the connection is live. */
  live(): Promise<void> {
    return this.link('live').waitFor();
  }

  link(state: string): Locator {
    return this.page.locator(`[data-connection="${state}"]`);
  }

  /** Waits until the keyboard types into this field. */
  focused(field: Locator): Promise<void> {
    return field.and(this.page.locator(':focus')).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until the composer contains the text that is to be edited. */
  async editing(): Promise<void> {
    await this.page.getByText('Editing:').waitFor();
    await this.page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
  }

  /** Returns the messages with exactly this text. */
  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.locator('.text').getByText(text, { exact: true }) });
  }

  /** Returns everything that the page stores in this browser, as JSON. */
  stored(): Promise<string> {
    return this.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('parley');
        request.onsuccess = () => resolve(request.result);
      });
      const all = [...database.objectStoreNames].map(
        (name) =>
          new Promise<unknown>((resolve) => {
            const request = database.transaction(name).objectStore(name).getAll();
            request.onsuccess = () => resolve([name, request.result]);
          }),
      );
      const found = JSON.stringify([await Promise.all(all), { ...localStorage }, { ...sessionStorage }]);
      database.close();
      return found;
    });
  }

  /** Waits until the storage contains a text, or with `expected` false no longer contains it. */
  keeps(text: string, expected: boolean): Promise<void> {
    return until(async () => (await this.stored()).includes(text) === expected, 150_000);
  }

  /** Returns the texts of all rendered messages, in order. */
  texts(): Promise<string[]> {
    return this.page.locator('.message .text').allInnerTexts();
  }
}
