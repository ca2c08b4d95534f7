import { faintTexts, unnamedControls } from './accessibility.js';
import { inChromium, stage } from './stage.js';

inChromium('states of the page', () => {
  test('shows hostile text as text', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('hostile');
    const eve = await stage.native('hostile');
    const texts = [
      '<img src=x onerror="document.title=1"><script>document.title=2</script>',
      'https://example.org/"onmouseover="document.title=3 javascript:alert(1)',
      'pay \u202e0001\u202c now\u200b\u0000',
    ];
    for (const text of texts) await eve.send(text);
    await ann.message(texts[0] ?? '').waitFor();
    await ann.page.getByText('U+202E').waitFor();
    await eve.send(Uint8Array.of(0xff, 0xfe), { contentType: 'text/plain' });
    await ann.page.getByText('This message is not text and cannot be shown.').waitFor();
    expect(await ann.page.title()).toBe('hostile · Parley');
    expect(await ann.page.locator('.messages img, .messages script').count()).toBe(0);
    const links = await ann.page
      .locator('.messages a')
      .evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')]));
    expect(links).toEqual([['https://example.org/', 'noopener noreferrer nofollow']]);
    expect((await ann.texts()).at(2)).toBe('pay U+202E0001U+202C nowU+200BU+0000');
    await stage.picture(ann, 'hostile');
    expect(ann.complaints).toEqual([]);
  });

  test('shows a full room, a seat taken over by another tab, and a deleted room', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('narrow', { limit: 1 });
    const bob = await stage.somebody('Bob');
    await bob.page.getByRole('link', { name: 'narrow' }).click();
    await bob.page.getByText(/The room is full; trying/).waitFor();
    await stage.picture(bob, 'full');
    await ann.page.getByRole('button', { name: 'Leave room' }).click();
    await bob.live();
    const second = await stage.tabOf(bob);
    await second.live();
    await second.make('wide');
    await bob.link('ended').waitFor();
    expect(await bob.link('ended').textContent()).toMatch(/^You are in a room in another tab/);
    await stage.picture(bob, 'elsewhere');
    await bob.page.getByRole('button', { name: 'Rejoin here' }).click();
    await bob.live();
    await second.link('ended').waitFor();
    await second.page.getByRole('button', { name: 'Delete room' }).click();
    await stage.picture(second, 'delete');
    await second.page.getByRole('dialog').getByRole('button', { name: 'Delete room' }).click();
    await second.page.getByRole('heading', { name: 'Choose a chat or room' }).waitFor();
    await second.page.getByRole('link', { name: 'wide' }).waitFor({ state: 'detached' });
    expect([ann.complaints, bob.complaints, second.complaints]).toEqual([[], [], []]);
  });

  test('loads history on scrolling, without moving the messages on screen', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('long');
    const eve = await stage.native('long');
    for (let k = 1; k <= 300; k++) await eve.send(`line ${k}${' and so on'.repeat(k % 9)}`);
    const bob = await stage.somebody('Bob');
    await bob.enter('long');
    await bob.page.getByText('line 300', { exact: false }).first().waitFor();
    const list = bob.page.getByRole('region', { name: 'Messages' });
    await expect(list.locator('.message').count()).resolves.toBeLessThan(60);
    await list.focus();
    for (
      let tries = 0;
      tries < 200 && !(await bob.page.getByText('This is the beginning of the room.').isVisible());
      tries++
    ) {
      await bob.page.keyboard.press('PageUp');
      await bob.page.waitForTimeout(100);
    }
    await bob.page.getByText('line 1 and so on', { exact: true }).waitFor();
    await stage.picture(bob, 'history');
    const top = async () =>
      (await bob.page.getByText('line 1 and so on', { exact: true }).boundingBox())?.y ?? Number.NaN;
    const before = await top();
    await eve.send('line 301');
    await bob.page.getByRole('button', { name: 'New messages' }).waitFor();
    expect(Math.abs((await top()) - before)).toBeLessThan(2);
    await bob.page.getByRole('button', { name: 'New messages' }).click();
    await bob.message('line 301').waitFor();
    expect(bob.complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'gives every control a name and every text enough contrast, %s',
    async (colorScheme) => {
      const visitor = await stage.stranger({ colorScheme });
      const look = async (name: string) => {
        await stage.picture(visitor, `${name}-${colorScheme}`);
        expect([name, await visitor.page.evaluate(unnamedControls), await visitor.page.evaluate(faintTexts)]).toEqual([
          name,
          [],
          [],
        ]);
      };
      await visitor.page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await look('sign-in');
      await visitor.signUp(stage.userId('reader'), 'Reader');
      await look('empty');
      await visitor.page.getByRole('button', { name: 'Create room' }).first().click();
      await look('new-room');
      await visitor.page.keyboard.press('Escape');
      await visitor.make(`readable ${colorScheme}`);
      await visitor.say('https://example.org/ \u200b');
      await visitor.page.getByTitle('Sent').waitFor();
      await visitor.page.locator('.message').hover();
      await look('room');
      await visitor.page.getByRole('button', { name: /in this room/ }).click();
      await look('people');
      await visitor.page.setViewportSize({ width: 360, height: 740 });
      await visitor.page.keyboard.press('Escape');
      await look('phone');
    },
  );

  test('works with the keyboard alone', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('keys');
    for (const text of ['one', 'two', 'three']) await ann.say(text);
    await ann.page.getByTitle('Sent').waitFor();
    await ann.message('three').focus();
    await ann.page.keyboard.press('ArrowUp');
    await ann.page.keyboard.press('ArrowUp');
    await ann.page.keyboard.press('Tab');
    await ann.page.keyboard.press('Tab');
    await ann.page.keyboard.press('Enter');
    await ann.page.getByText('Reply to Ann').waitFor();
    await ann.page.keyboard.type('to one');
    await ann.page.keyboard.press('Enter');
    await ann.message('to one').locator('blockquote', { hasText: 'one' }).waitFor();
    expect(ann.complaints).toEqual([]);
  });
});
