/** Returns the controls without an accessible name. Runs in the page. */
export function unnamedControls(): string[] {
  const nameOf = (element: Element) => {
    const labels =
      element instanceof HTMLInputElement ||
      element instanceof HTMLTextAreaElement ||
      element instanceof HTMLSelectElement
        ? [...(element.labels ?? [])]
        : [];
    return (
      (element.getAttribute('aria-label') ?? labels.map((label) => label.textContent).join('')) || element.textContent
    );
  };
  return [...document.querySelectorAll('button, a[href], input, textarea, select')]
    .filter((element) => (nameOf(element) ?? '').trim() === '')
    .map((element) => element.outerHTML.slice(0, 120));
}

/** Returns the texts whose contrast with their background is below 4.5. Runs in the page. */
export function faintTexts(): string[] {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgbOf = (color: string) => {
    context?.clearRect(0, 0, 1, 1);
    if (context) context.fillStyle = color;
    context?.fillRect(0, 0, 1, 1);
    return [...(context?.getImageData(0, 0, 1, 1).data ?? [])];
  };
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = rgbOf(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element): string => {
    for (let one: Element | null = element; one !== null; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if ((rgbOf(backgroundColor)[3] ?? 0) === 255) return backgroundColor;
    }
    return '#fff';
  };
  const hasText = (element: Element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
  const seen = [...document.querySelectorAll('body *')].filter(
    (element) => hasText(element) && element.checkVisibility({ visibilityProperty: true }),
  );
  return seen.flatMap((element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio < 4.5 ? [`${ratio.toFixed(2)} ${element.className}: ${element.textContent?.slice(0, 40)}`] : [];
  });
}
