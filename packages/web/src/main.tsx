import { createRoot } from 'react-dom/client';
import { Front } from './live/front.js';
import { openDatabase } from './storage/database.js';
import { App } from './ui/app.js';

const place = document.getElementById('page') as HTMLElement;

async function main(): Promise<void> {
  const front = new Front(await openDatabase());
  await front.start();
  createRoot(place).render(<App front={front} />);
}

main().catch(() => {
  place.textContent = 'Parley needs browser storage. Allow it for this site, then reload the page.';
});
