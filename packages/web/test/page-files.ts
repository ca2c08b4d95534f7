import { readFile } from 'node:fs/promises';
import { moving, objections, outside } from './access-steps.js';
import type { Visitor } from './browser.js';
import { createChat, openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Posts a message without text that has pictures, a text file, a sound and a film. */
function postFiles({ page }: Visitor): Promise<number> {
  return page.evaluate(async () => {
    const opened = indexedDB.open('parley');
    await new Promise((resolve) => opened.addEventListener('success', resolve));
    const found = opened.result.transaction('session').objectStore('session').get('now');
    await new Promise((resolve) => found.addEventListener('success', resolve));
    opened.result.close();
    const headers = { authorization: `Bearer ${found.result.token}` };
    const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 400 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const form = new FormData();
    for (const [name, colour] of [
      ['photo.png', 'teal'],
      ['other.png', 'salmon'],
    ] as const) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 800, 400);
      const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
      form.append('file', picture as Blob, name);
    }
    form.append('file', new Blob(['rice, beans']), 'list.txt');
    const seconds = 120; // of silence, in 8,000 samples of one byte a second
    const samples = new Uint8Array(44 + seconds * 8_000).fill(128);
    const head = new DataView(samples.buffer);
    const words = [0x52494646, samples.length - 8, 0x57415645, 0x666d7420, 16, 0x10001, 8_000, 8_000, 0x80001];
    for (const [index, word] of [...words, 0x64617461, samples.length - 44].entries())
      head.setUint32(index * 4, word, word < 0x50000000);
    form.append('file', new Blob([samples]), 'silence.wav');
    const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm' });
    const parts: Blob[] = [];
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    recorder.start();
    for (let frame = 0; frame < 20; frame++) {
      context.fillStyle = `hsl(${frame * 18} 80% 50%)`;
      context.fillRect(0, 0, 800, 400);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    recorder.stop();
    await new Promise((resolve) => recorder.addEventListener('stop', resolve));
    form.append('file', new Blob(parts), 'film.webm');
    const stored = await fetch('/api/v1/files', { method: 'POST', headers, body: form });
    const { files } = (await stored.json()) as { files: { id: string }[] };
    const channel = /chat-(\d+)/.exec(location.hash)?.[1];
    const posted = await fetch(`/api/v1/channels/${channel}/messages`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ file_ids: files.map(({ id }) => id) }),
    });
    return posted.status;
  });
}

/** Waits until a picture of this width is loaded. */
const loaded = ({ page }: Visitor, selector: string, width: number) =>
  page.waitForFunction(
    ([one, pixels]) => document.querySelector<HTMLImageElement>(one as string)?.naturalWidth === pixels,
    [selector, width] as const,
  );

/** Saves a file by its link, and returns its name and text. */
async function save({ page }: Visitor, name: string): Promise<[string, string]> {
  const link = page.getByRole('link', { name: `Save ${name}` });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return [download.suggestedFilename(), await readFile(await download.path(), 'utf8')];
}

const textFile = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
const attached = ({ page }: Visitor) => page.getByRole('list', { name: 'Files to send' }).getByRole('listitem');

/** Chooses files in the browser's dialog. */
async function choose({ page }: Visitor, ...files: { name: string; mimeType: string; buffer: Buffer }[]) {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Attach files' }).press('Enter');
  await (await chooser).setFiles(files);
}

/** Pastes a picture into the field for a message, and drops a file on the page. */
function pasteAndDrop({ page }: Visitor): Promise<void> {
  return page.evaluate(async () => {
    const transferOf = (file: File) => {
      const transfer = new DataTransfer();
      transfer.items.add(file);
      return transfer;
    };
    const canvas = Object.assign(document.createElement('canvas'), { width: 80, height: 40 });
    canvas.getContext('2d')?.fillRect(0, 0, 40, 40);
    const picture = (await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve))) as Blob;
    const clipboardData = transferOf(new File([picture], 'pasted.png', { type: 'image/png' }));
    const init = { bubbles: true, cancelable: true };
    document.querySelector('textarea')?.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData }));
    const dataTransfer = transferOf(new File(['dropped'], 'dropped.txt'));
    for (const type of ['dragover', 'drop'])
      document.body.dispatchEvent(new DragEvent(type, { ...init, dataTransfer }));
  });
}

/** Opens the page again with a header that refuses the microphone, as a user can. */
async function withoutMicrophone({ page }: Visitor): Promise<void> {
  await page.route('**/', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'permissions-policy': 'microphone=()' } });
  });
  await page.reload();
}

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

inChromium('files of messages', () => {
  test('files are chosen, pasted and dropped, uploads pause, continue and are refused, and a message takes the rest', async () => {
    const ann = await stage.somebody('Ann', { viewport: { width: 320, height: 640 } });
    const bob = await stage.somebody('Bob');
    await createChat(bob, 'Group', 'parcels', [await userIdOf(ann)]);
    await openChat(ann, 'parcels');
    await ann.live();
    const { page } = ann;
    const held: (() => void)[] = [];
    await page.route('**/api/v1/uploads/*', (route) => {
      const send = () => void route.continue().catch(() => {}); // It may have been paused.
      if (route.request().method() === 'PATCH') held.push(send);
      else send();
    });
    const many = Array.from({ length: 9 }, (_, k) => textFile(`more-${k}.txt`, 'x'));
    await choose(
      ann,
      textFile('list.txt', 'rice, beans'),
      { ...textFile('big.bin', ''), buffer: Buffer.alloc(1_048_577) },
      ...many,
    );
    await page.getByText('A message can have 10 files. 1 file was not attached.').waitFor();
    await ann.focused(page.getByLabel('Message', { exact: true }));
    await attached(ann).filter({ hasText: 'The file is larger than this server accepts.' }).waitFor();
    await page.getByRole('button', { name: 'Pause list.txt' }).press('Enter');
    await page.getByRole('button', { name: 'Continue list.txt' }).waitFor();
    await stage.picture(ann, 'files-attached-narrow');
    expect([await objections(ann), await outside(ann)]).toEqual([[], []]);
    for (const name of ['big.bin', ...many.slice(0, 8).map((one) => one.name)])
      await page.getByRole('button', { name: `Remove ${name}` }).press('Enter');
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    await page.unroute('**/api/v1/uploads/*');
    for (const release of held) release();
    await page.getByRole('button', { name: 'Continue list.txt' }).press('Enter');
    await pasteAndDrop(ann);
    await page.locator('.send:enabled').waitFor();
    expect(await attached(ann).locator('.file-name').allTextContents()).toEqual([
      'list.txt',
      'pasted.png',
      'dropped.txt',
    ]);
    await page.getByRole('button', { name: 'Send', exact: true }).press('Enter');
    await attached(ann).first().waitFor({ state: 'detached' });
    await openChat(bob, 'parcels');
    await loaded(bob, '.thumbnail img', 80);
    expect([await save(bob, 'list.txt'), await save(bob, 'dropped.txt')]).toEqual([
      ['list.txt', 'rice, beans'],
      ['dropped.txt', 'dropped'],
    ]);
    await stage.picture(ann, 'files-narrow');
    await choose(ann, textFile('later.txt', 'x'));
    await page.getByRole('link', { name: 'All chats' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('1 file has not been sent').waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('pictures open from their thumbnails, sounds and films can be seeked, and another file is saved', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Group', 'album', [await userIdOf(bob)]);
    expect(await postFiles(ann)).toBe(201);
    await rowOf(bob, 'album')
      .getByText(/\d files$/)
      .waitFor();
    await openChat(bob, 'album');
    const { page } = bob;
    await loaded(bob, '.files li:nth-child(2) img', 640);
    await page.locator('audio').evaluate((sound: HTMLAudioElement) => {
      sound.currentTime = 100; // beyond what the browser has loaded
      return new Promise((resolve) => sound.addEventListener('seeked', resolve));
    });
    const film = await page.locator('video').evaluate(async (one: HTMLVideoElement) => {
      if (one.readyState === 0) await new Promise((resolve) => one.addEventListener('loadedmetadata', resolve));
      one.currentTime = 0.5;
      await new Promise((resolve) => one.addEventListener('seeked', resolve));
      return [one.videoWidth, one.currentTime > 0];
    });
    expect(film).toEqual([800, true]);
    await stage.picture(bob, 'files');
    await page.getByRole('button', { name: 'Open photo.png' }).press('Enter');
    await loaded(bob, 'dialog img', 800);
    await stage.picture(bob, 'files-viewer');
    await page.getByText('1 of 2').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'other.png' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('2 of 2').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await choose(bob, { name: 'later.png', mimeType: 'image/png', buffer: onePixel });
    await page.locator('.send:enabled').waitFor();
    await page.getByRole('button', { name: 'Send', exact: true }).press('Enter');
    const later = page.locator('.message[data-delivery="sent"]');
    await later.getByRole('button', { name: 'Open later.png' }).waitFor();
    await page.getByRole('button', { name: 'Open other.png' }).press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'later.png' }).waitFor();
    await stage.picture(bob, 'files-viewer-later');
    await page.getByRole('button', { name: 'Previous picture' }).click();
    await page.getByText('2 of 2').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.file', { hasText: 'list.txt' }).getByText('11 bytes').waitFor();
    expect(await save(bob, 'list.txt')).toEqual(['list.txt', 'rice, beans']);
    await page.reload();
    await loaded(bob, '.thumbnail img', 640);
    expect(await page.getByText('This message is empty.').count()).toBe(0);
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('a voice message is recorded, heard before it is sent, and played; without a microphone the page says why', async () => {
    const viewport = { width: 320, height: 640 };
    const ann = await stage.somebody('Ann', { viewport });
    const bob = await stage.somebody('Bob', { viewport, serviceWorkers: 'block' });
    await createChat(bob, 'Group', 'voices', [await userIdOf(ann)]);
    await openChat(ann, 'voices');
    await ann.live();
    const { page } = ann;
    const record = page.getByRole('button', { name: 'Record a voice message' });
    const stop = page.getByRole('button', { name: 'Stop', exact: true });
    const second = page.getByText(/^(?!0:00)\d+:\d\d of 10:00$/);
    await record.click();
    await ann.focused(stop);
    await second.waitFor();
    await stage.picture(ann, 'voice-recording-narrow');
    expect([await objections(ann), await outside(ann)]).toEqual([[], []]);
    expect(await moving(ann)).toHaveLength(1);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await moving(ann)).toEqual([]);
    await page.keyboard.press('Escape');
    await stop.waitFor({ state: 'detached' });
    expect(await attached(ann).count()).toBe(0);
    await record.press('Enter');
    await second.waitFor();
    await stop.press('Enter');
    const sound = attached(ann).locator('audio');
    const heard = (one: HTMLAudioElement) =>
      one
        .play()
        .then(() => one.currentTime > 0 || new Promise((resolve) => one.addEventListener('timeupdate', resolve)));
    await sound.evaluate(heard);
    await record.press('Enter');
    await second.waitFor();
    await page.getByRole('link', { name: 'All chats' }).click();
    await openChat(ann, 'voices');
    await attached(ann).nth(1).waitFor();
    await page.locator('.send:enabled').waitFor();
    await stage.picture(ann, 'voice-attached-narrow');
    expect([await objections(ann), await outside(ann)]).toEqual([[], []]);
    await page.getByRole('button', { name: 'Send', exact: true }).press('Enter');
    const received = bob.page.locator('.files audio').last();
    await received.evaluate(
      (one: HTMLAudioElement) =>
        Number.isFinite(one.duration) ||
        new Promise((resolve) =>
          one.addEventListener('durationchange', () => Number.isFinite(one.duration) && resolve(0)),
        ),
    );
    await withoutMicrophone(bob);
    await bob.page.getByRole('button', { name: 'Record a voice message' }).click();
    await bob.page.getByRole('alert').filter({ hasText: 'This page may not use the microphone.' }).waitFor();
    await stage.picture(bob, 'voice-refused');
    expect([await objections(bob), await outside(bob)]).toEqual([[], []]);
    await bob.page.getByRole('button', { name: 'Close', exact: true }).press('Enter');
    await bob.focused(bob.page.getByLabel('Message', { exact: true }));
    expect(ann.complaints).toEqual([]);
  });
});
