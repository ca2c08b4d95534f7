const mark =
  '<rect width="32" height="32" rx="8" fill="#14594c"/><path d="M9 24V10.5A2.5 2.5 0 0 1 11.5 8h6a5.5 5.5 0 0 1 0 11H14" fill="none" stroke="#f7f5f0" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>';

/** Returns the number on a badge: at most two characters. */
export function badgeText(count: number): string {
  return count > 9 ? '9+' : String(count);
}

/** Returns the address of the icon of the page with a number on it. */
export function iconWithBadge(count: number): string {
  const badge = `<circle cx="22" cy="10" r="10" fill="#c8401f"/><text x="22" y="15" font-family="sans-serif" font-weight="bold" font-size="14" text-anchor="middle" fill="#fff">${badgeText(count)}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${mark}${badge}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
