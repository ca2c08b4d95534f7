import { launch } from '@parley/web/testing';
import type { Tab } from './sse-tabs.js';

type Browser = Awaited<ReturnType<typeof launch>>;

/** A tab of Chromium, whose EventSource is logged in by the cookie of document 001. */
export class BrowserTab implements Tab {
  readonly texts: string[] = [];
  isOpen = false;
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens tabs of one browser, on a page of the origin that serves the events. */
  static async open(origin: string, token: string, count: number): Promise<BrowserTab[]> {
    const browser = await launch();
    const context = await browser.newContext();
    await context.addCookies([{ name: 'parley_001', value: token, url: origin }]);
    const html = { contentType: 'text/html', body: '<!doctype html><title>tab</title>' };
    await context.route(`${origin}/tab`, (route) => route.fulfill(html));
    const tabs = Array.from({ length: count }, () => new BrowserTab(browser));
    for (const tab of tabs) {
      const page = await context.newPage();
      await page.exposeFunction('opened', () => {
        tab.isOpen = true;
      });
      await page.exposeFunction('took', (data: string) => tab.texts.push(JSON.parse(data).content));
      await page.goto(`${origin}/tab`);
      await page.evaluate(`const source = new EventSource('/events');
        source.onopen = () => opened();
        source.addEventListener('NewMessage', ({ data }) => took(data));`);
    }
    return tabs;
  }

  close(): void {
    void this.#browser.close();
  }
}
