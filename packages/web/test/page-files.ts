import { readFile } from 'node:fs/promises';
import type { Visitor } from './browser.js';
import { createChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Posts a message with a picture of 800 by 400 pixels and a text file, without any text. */
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
    context.fillStyle = 'teal';
    context.fillRect(0, 0, 800, 400);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    const form = new FormData();
    form.append('file', picture as Blob, 'photo.png');
    form.append('file', new Blob(['rice, beans']), 'list.txt');
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

inChromium('files of messages', () => {
  test('a picture opens from its thumbnail, and another file is saved', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Group', 'album', [await userIdOf(bob)]);
    expect(await postFiles(ann)).toBe(201);
    await rowOf(bob, 'album').getByText('Files').waitFor();
    await rowOf(bob, 'album').click();
    const { page } = bob;
    const thumbnail = page.getByRole('button', { name: 'Open photo.png' });
    const widthOf = (selector: string, width: number) =>
      page.waitForFunction(
        ([one, pixels]) => document.querySelector<HTMLImageElement>(one as string)?.naturalWidth === pixels,
        [selector, width] as const,
      );
    await thumbnail.waitFor();
    await widthOf('.thumbnail img', 640);
    await stage.picture(bob, 'files');
    await thumbnail.click();
    await widthOf('dialog img', 800);
    await stage.picture(bob, 'files-viewer');
    await page.keyboard.press('Escape');
    const file = page.locator('.file', { hasText: 'list.txt' });
    await file.getByText('11 byte').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      file.getByRole('button', { name: 'Save' }).click(),
    ]);
    expect([download.suggestedFilename(), await readFile(await download.path(), 'utf8')]).toEqual([
      'list.txt',
      'rice, beans',
    ]);
    await page.reload();
    await widthOf('.thumbnail img', 640);
    await page.getByText('This message is empty.').waitFor({ state: 'detached' });
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });
});
