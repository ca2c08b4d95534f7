import { type AlbumPlace, filesByMessage, nextPicture } from '../src/state/album.js';
import { fold } from '../src/state/lines.js';
import { about, said } from './entries.js';

const messages = [['a.png', 'b.txt'], ['c.txt'], ['d.png', 'e.png'], ['f.txt']];
const picturesOf = async (ids: readonly string[]) => ids.filter((id) => id.endsWith('.png'));

test('the viewer goes over all pictures of the loaded messages and back, and stops at both ends', async () => {
  let place: AlbumPlace<string> = { message: 0, pictures: ['a.png'], at: 0 };
  const seen: (string | undefined)[] = [];
  for (const step of [1, 1, 1, -1, -1, -1] as const) {
    const next = await nextPicture(place, step, messages, picturesOf);
    seen.push(next?.pictures[next.at]);
    place = next ?? place;
  }
  expect(seen).toEqual(['d.png', 'e.png', undefined, 'd.png', 'a.png', undefined]);
});

test('deleted messages and messages without files are no part of the album', () => {
  const withFiles = (seq: number, ...fileIds: string[]) => ({ ...said(seq, 'ann', ''), fileIds });
  const entries = [withFiles(1, 'a'), said(2, 'bob', 'x'), withFiles(3, 'b', 'c'), withFiles(4, 'd')];
  const lines = fold([], [...entries, about(5, 'ann', 'delete', 4)], 'bob');
  expect(filesByMessage(lines)).toEqual([['a'], ['b', 'c']]);
});
