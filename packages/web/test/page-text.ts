import { inChromium, stage } from './stage.js';

inChromium('the text of messages', () => {
  test('formats messages without HTML, copies code, and says where links lead', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await ann.make('formats');
    await ann.say('**bold** *slanted* ~~gone~~ `x < y` <img src=x onerror=alert(1)>');
    const [first, code, list, link] = [0, 1, 2, 3].map((at) => ann.page.locator('.message .text').nth(at));
    await first?.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await first?.locator('strong, em, s, code').allInnerTexts()).toEqual(['bold', 'slanted', 'gone', 'x < y']);
    await ann.say('```js\nlet a = 1;\n  b();\n```');
    expect(await code?.locator('pre').textContent()).toBe('let a = 1;\n  b();');
    await code?.getByRole('button', { name: 'Copy code' }).click();
    await code?.getByText('Copied').waitFor();
    expect(await ann.page.evaluate(() => navigator.clipboard.readText())).toBe('let a = 1;\n  b();');
    await ann.say('1. one\n7. seven\n\n> quoted');
    await list?.locator('blockquote').getByText('quoted').waitFor();
    expect(await list?.locator('li').evaluateAll((all) => all.map((item) => (item as HTMLLIElement).value))).toEqual([
      1, 7,
    ]);
    const tops = await list?.locator('li').evaluateAll((all) => all.map((item) => item.getBoundingClientRect().top));
    expect(tops?.[1]).toBeGreaterThan((tops?.[0] ?? 0) + 10);
    await ann.say('[my bank](https://evil.example/x) [no](javascript:alert(1))');
    await link?.getByText('(evil.example)').waitFor();
    expect(await link?.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('rel')))).toEqual([
      'noopener noreferrer nofollow',
    ]);
    await stage.picture(ann, 'text-formats');
    expect(ann.complaints).toEqual([]);
  });

  test('folds a long message, and stacked marks stay in their own message', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('long');
    await ann.say(`${'line\n'.repeat(90)}the end`);
    await ann.page.getByRole('button', { name: /^Show all/ }).click();
    await ann.page.getByText('the end').waitFor();
    await ann.page.getByRole('button', { name: 'Show less' }).click();
    await ann.page.getByText('the end').waitFor({ state: 'detached' });
    await ann.say(`z${'\u0301'.repeat(2_000)}`);
    await ann.page.getByText('+1984 marks').waitFor();
    await stage.picture(ann, 'text-long');
    expect(ann.complaints).toEqual([]);
  });
});
