import { inChromium, stage } from './stage.js';

interface Shown {
  readonly atMs: number;
  readonly seconds: number;
}

inChromium('time', () => {
  test('turns the heading Today into Yesterday at midnight', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + Number(document.documentElement?.dataset.aheadMs ?? 0);
    });
    await ann.page.reload();
    await ann.make('late');
    await ann.say('good night');
    await ann.page.getByTitle('Sent').waitFor();
    const day = ann.page.locator('.messages h3');
    await day.getByText('Today', { exact: true }).waitFor();
    await ann.page.evaluate(() => {
      document.documentElement.dataset.aheadMs = '86400000';
    });
    await day.getByText('Yesterday', { exact: true }).waitFor();
    expect([await day.count(), ann.complaints]).toEqual([1, []]);
  });

  test('starts the countdown with the current wait, not with an earlier one', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('countdown');
    await ann.page.waitForTimeout(8_000); // A stale start of the countdown would show this error.
    await ann.page.evaluate(() => {
      const shown: Shown[] = [];
      Object.assign(globalThis, { shown });
      new MutationObserver(() => {
        const words = document.querySelector('[data-connection="waiting"]')?.textContent ?? '';
        const [, seconds] = /in (\d+) s$/.exec(words) ?? [];
        if (seconds !== undefined) shown.push({ atMs: performance.now(), seconds: Number(seconds) });
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    await ann.page.route('**/chat.v1.ChannelService/Listen', (route) => route.abort());
    await ann.page.evaluate(() => dispatchEvent(new Event('online')));
    await ann.link('waiting').waitFor();
    await ann.page.waitForFunction(() => (globalThis as unknown as { shown: Shown[] }).shown.length > 3);
    await ann.page.unroute('**/chat.v1.ChannelService/Listen');
    await ann.live();
    const shown = await ann.page.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown);
    const jumps = shown.slice(1).filter(({ atMs, seconds }, index) => {
      const before = shown[index] as Shown;
      return before.seconds - seconds > (atMs - before.atMs) / 1_000 + 1;
    });
    expect([jumps, ann.complaints]).toEqual([[], []]);
  });
});
