import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

const page = fileURLToPath(new URL('../page', import.meta.url));

const zippedBytes = (paths: readonly string[]) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(`${page}/${path}`)).length, 0);

/** Returns the file and all files that it loads at once, without those that are loaded on demand. */
function loadedAtOnce(path: string): string[] {
  const text = /\.(?:html|js)$/.test(path) ? readFileSync(`${page}/${path}`, 'utf8') : '';
  const [pattern, folder] = path.endsWith('.html')
    ? [/(?:src|href)="\/([^"]+)"/g, '']
    : [/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g, 'assets/'];
  return [path, ...[...text.matchAll(pattern)].flatMap(([, name]) => loadedAtOnce(`${folder}${name}`))];
}

test('the page loads less than 220 KiB compressed before it shows anything', () => {
  const paths = [...new Set(loadedAtOnce('index.html'))];
  expect(paths.filter((path) => path.endsWith('.js'))).toHaveLength(1); // One file arrives first, and imports nothing.
  expect(paths.some((path) => path.endsWith('.css'))).toBe(true);
  expect(zippedBytes(paths)).toBeLessThan(220 * 1_024);
});

test('all files of the page but the emoji data are smaller than 250 KiB compressed', () => {
  const files = readdirSync(page, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map((file) => relative(page, join(file.parentPath, file.name)));
  const others = paths.filter((path) => !path.startsWith('assets/gemoji-'));
  expect(others).toHaveLength(paths.length - 1);
  expect(zippedBytes(others)).toBeLessThan(250 * 1_024);
});

inChromium('the page', () => {
  test('delivers messages between two pages and a native client at once', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('talk');
    const bob = await stage.somebody('Bob');
    await bob.enter('talk');
    const eve = await stage.native('talk');
    await ann.say('from ann');
    await bob.message('from ann').waitFor();
    await bob.say('from bob');
    await ann.message('from bob').waitFor();
    for (let k = 1; k <= 5; k++) {
      await eve.send(`from eve ${k}`);
      await Promise.all([ann, bob].map((one) => one.message(`from eve ${k}`).waitFor()));
    }
    expect([ann.streams, bob.streams]).toEqual([1, 1]);
    expect(ann.count('Subscribe') + bob.count('Subscribe')).toBeLessThan(7); // Fewer than messages.
    expect(await ann.texts()).toEqual(await bob.texts());
    await bob.page.getByLabel('Message', { exact: true }).pressSequentially('hm');
    await ann.page.getByText('Bob is typing').waitFor();
    await stage.picture(ann, 'talk');
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('supports edits, replies, reactions and deletions', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('changes');
    const bob = await stage.somebody('Bob');
    await bob.enter('changes');
    await ann.say('frist');
    await bob.message('frist').hover();
    await bob.message('frist').getByRole('button', { name: 'React', exact: true }).click();
    await bob.message('frist').getByRole('button', { name: 'React with 👍' }).click();
    await ann.message('frist').getByRole('button', { name: '👍' }).waitFor();
    await bob.message('frist').getByRole('button', { name: 'Reply' }).click();
    await bob.say('you mean first');
    await ann.message('you mean first').locator('blockquote', { hasText: 'frist' }).waitFor();
    await ann.page.getByLabel('Message', { exact: true }).press('ArrowUp');
    await ann.editing();
    await ann.say('first');
    await bob.message('first').waitFor();
    await stage.picture(bob, 'changes');
    await ann.message('first').hover();
    await ann.message('first').getByRole('button', { name: 'Delete', exact: true }).click();
    await ann.page.getByRole('button', { name: 'Delete for everyone' }).click();
    await bob.page.getByText('This message was deleted.').waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('shows the name of a sender who has left', async () => {
    const ann = await stage.somebody('Ann');
    const annId = await userIdOf(ann);
    await ann.make('home again');
    await ann.say('see you');
    await ann.page.getByTitle('Sent').waitFor();
    await ann.page.getByRole('button', { name: 'Leave room' }).click();
    const bob = await stage.somebody('Bob');
    const ofAnn: string[] = [];
    bob.page.on('request', (request) => {
      const body = Buffer.from(request.postData() ?? '', 'base64'); // as gRPC-Web sends it
      if (request.url().endsWith('/Get') && body.includes(annId)) ofAnn.push(request.url());
    });
    await bob.enter('home again');
    await bob.message('see you').getByText('Ann', { exact: true }).waitFor();
    expect([ofAnn.length, ...ann.complaints, ...bob.complaints]).toEqual([1]);
  });

  test('reconnects after kill -9 of the chat server without lost or duplicate messages', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('killed');
    const eve = await stage.native('killed');
    await eve.send('before');
    await ann.message('before').waitFor();
    const server = await stage.serverOf('killed');
    server.kill('SIGKILL');
    await ann.link('waiting').waitFor();
    await stage.picture(ann, 'reconnecting');
    await ann.say('said while away');
    await Promise.all([1, 2, 3].map((k) => eve.send(`meanwhile ${k}`)));
    await ann.live();
    await eve.send('after');
    await ann.message('after').waitFor();
    await ann.message('said while away').waitFor();
    await ann.page.getByTitle('Sent').waitFor();
    const texts = await ann.texts();
    expect(texts.toSorted()).toEqual([
      'after',
      'before',
      'meanwhile 1',
      'meanwhile 2',
      'meanwhile 3',
      'said while away',
    ]);
    stage.trio.chatServers.splice(stage.trio.chatServers.indexOf(server), 1);
    await stage.trio.addChatServer();
    expect(ann.complaints).toEqual([]);
  });

  test('shows cached messages right after a reload, then fetches only new ones', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('cached');
    const eve = await stage.native('cached');
    for (let k = 1; k <= 30; k++) await eve.send(`kept ${k}`);
    await ann.message('kept 30').waitFor();
    await ann.keeps('kept 30', true); // The cache is written with a delay.
    await ann.page.route('**/chat.v1.*/*', (route) => route.abort());
    await ann.page.reload();
    await ann.message('kept 30').waitFor();
    await ann.link('waiting').waitFor();
    await stage.picture(ann, 'offline');
    await eve.send('new');
    ann.calls.length = 0;
    await ann.page.unroute('**/chat.v1.*/*');
    await ann.live();
    await ann.message('new').waitFor();
    expect([ann.count('History'), ann.count('Subscribe')]).toEqual([0, 1]);
    expect(await ann.message('kept 30').count()).toBe(1);
    expect(ann.complaints).toEqual([]);
  });

  test('shares one stream between two tabs, and hands it over when the first closes', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('tabs');
    const second = await stage.tabOf(ann);
    await second.live();
    const eve = await stage.native('tabs');
    await eve.send('to both');
    await Promise.all([ann, second].map((one) => one.message('to both').waitFor()));
    await second.say('by the second');
    await second.page.getByTitle('Sent').waitFor();
    await ann.message('by the second').waitFor();
    expect([ann.streams, second.count('Subscribe'), second.count('Listen'), second.count('Send')]).toEqual([
      1, 0, 0, 0,
    ]);
    await ann.page.route('**/chat.v1.ChatService/Send', () => {}); // The server never responds to the leader's sends.
    await second.say('left over');
    await second.page.getByTitle('Sending').waitFor();
    await ann.page.close();
    await second.page.getByTitle('Sending').waitFor({ state: 'detached' });
    await eve.send('in between');
    await second.message('in between').waitFor();
    await second.live();
    await second.say('alone');
    await second.message('alone').waitFor();
    expect(await second.texts()).toEqual(['to both', 'by the second', 'left over', 'in between', 'alone']);
    expect([second.streams, second.complaints]).toEqual([1, []]);
  });

  test('marks unread messages in other rooms and keeps the draft', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('left behind');
    const eve = await stage.native('left behind');
    await eve.send('seen');
    await ann.message('seen').waitFor();
    await ann.page.getByLabel('Message', { exact: true }).pressSequentially('not yet');
    await ann.keeps('not yet', true); // The cache is written with a delay.
    await ann.make('elsewhere');
    await eve.send('not seen');
    await eve.send('not seen either');
    await ann.page.getByRole('link', { name: /left behind.*2 unread/s }).waitFor();
    await stage.picture(ann, 'unread');
    await ann.enter('left behind');
    await ann.message('not seen either').waitFor();
    await ann.page.getByText('New', { exact: true }).waitFor();
    await ann.page.getByRole('link', { name: /unread/ }).waitFor({ state: 'detached' });
    expect(await ann.page.getByLabel('Message', { exact: true }).inputValue()).toBe('not yet');
    await stage.picture(ann, 'new-line');
    expect(ann.complaints).toEqual([]);
  });

  test('a sign-out deletes everything that the page has stored, in every tab', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('secret');
    await ann.say('nobody reads this later');
    await ann.page.getByTitle('Sent').waitFor();
    const second = await stage.tabOf(ann);
    await second.message('nobody reads this later').waitFor();
    const stored = () =>
      ann.page.evaluate(async () => {
        const database = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open('parley');
          request.onsuccess = () => resolve(request.result);
        });
        const names = [...database.objectStoreNames];
        const counts = names.map(
          (name) =>
            new Promise<number>((resolve) => {
              const request = database.transaction(name).objectStore(name).count();
              request.onsuccess = () => resolve(request.result);
            }),
        );
        const all = await Promise.all(counts);
        database.close();
        return all.reduce((sum, one) => sum + one, 0) + localStorage.length + sessionStorage.length;
      });
    expect(await stored()).toBeGreaterThan(2);
    await second.page.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all([ann, second].map((one) => one.page.getByRole('heading', { name: 'Sign in' }).waitFor()));
    await ann.page.waitForTimeout(500); // Waits for anything that might still write.
    while ((await stored()) > 0) await ann.page.waitForTimeout(100);
    expect(await ann.page.evaluate(() => document.cookie)).toBe('');
    expect([ann.complaints, second.complaints]).toEqual([[], []]);
  });
});
