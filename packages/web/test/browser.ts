import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where a Chromium is, if there is one on the PATH. */
export const chromiumPath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find(existsSync);

/** A Chromium without a screen. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
}

/** One tab of somebody, as its user meets it. */
export class Visitor {
  readonly page: Page;
  /** What the console complained about, but for the network, which tests take away. */
  readonly complaints: string[] = [];
  /** The calls that the page has made, by name. */
  readonly calls: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      const isNetwork = /Failed to load resource|ERR_/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isNetwork) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const [, call] = /\/chat\.v1\.\w+\/(\w+)$/.exec(request.url()) ?? [];
      if (call !== undefined) this.calls.push(call);
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
    await page.getByLabel('User id').fill(userId);
    await page.getByLabel('Display name').fill(name);
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  async make(room: string, seats?: number): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'Make a room' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill(room);
    if (seats !== undefined) await page.getByLabel('Seats').fill(`${seats}`);
    await page.getByRole('button', { name: 'Make the room' }).click();
    await this.inside(room);
  }

  async enter(room: string): Promise<void> {
    await this.page.getByRole('link', { name: room }).click();
    await this.inside(room);
  }

  /** That room is open, and no other one any more, and live. */
  private async inside(room: string): Promise<void> {
    await this.page.getByRole('heading', { level: 2, name: room, exact: true }).waitFor();
    await this.live();
  }

  /** The connection line says so. */
  live(): Promise<void> {
    return this.link('live').waitFor();
  }

  link(state: string): Locator {
    return this.page.locator(`[data-connection="${state}"]`);
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The messages that have exactly this text. */
  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.locator('.text').getByText(text, { exact: true }) });
  }

  /** Every message that is drawn, in order. */
  texts(): Promise<string[]> {
    return this.page.locator('.message .text').allInnerTexts();
  }
}
