import { createRoot } from 'react-dom/client';
import { OperatorSession } from './live/operator-session.js';
import { PreferenceStore } from './live/preference-store.js';
import { openDatabase } from './storage/database.js';
import { AdminApp } from './ui/admin/admin-app.js';

const place = document.getElementById('page') as HTMLElement;

async function main(): Promise<void> {
  const preferences = new PreferenceStore();
  await preferences.start();
  const session = new OperatorSession(await openDatabase(() => location.reload()));
  await session.start();
  createRoot(place).render(<AdminApp session={session} preferences={preferences} />);
}

main().catch(() => {
  place.textContent = 'The admin page needs browser storage. Allow it for this site, then reload the page.';
});
