// The page is whole without this: it only adds a filter and opens the cell
// that a link leads to where the browser does not.
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const cell = target && target.closest('details');
    if (!cell) return;
    cell.hidden = false;
    cell.closest('section').hidden = false;
    cell.open = true;
    cell.scrollIntoView({block: 'start'});
    cell.querySelector('summary').focus({preventScroll: true});
  };
  addEventListener('hashchange', open);
  open();

  const controls = document.getElementById('controls');
  if (!controls) return;
  const query = document.getElementById('q');
  const verdict = document.getElementById('verdict');
  const client = document.getElementById('client');
  const shown = document.getElementById('shown');
  controls.hidden = false;
  controls.addEventListener('submit', event => event.preventDefault());

  const tables = all('#matrix .matrix').map(region => {
    const heads = all('thead th', region);
    const rows = all('tbody tr', region).map(tr => {
      const boxes = all('td', tr).map((td, i) => {
        const link = td.querySelector('a');
        if (!link) return {td};
        return {
          td,
          word: link.querySelector('b').lastChild.textContent.trim(),
          text: [tr.cells[0].textContent, heads[i + 1].textContent, link.textContent].join(' ').toLowerCase(),
          detail: document.getElementById(link.hash.slice(1)).closest('details'),
        };
      });
      return {tr, boxes};
    });
    return {region, heads, rows};
  });

  const apply = () => {
    const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = terms.length > 0 || verdict.value !== '';
    let total = 0, matches = 0;
    for (const {region, heads, rows} of tables) {
      const here = !client || !client.value || client.value === region.id;
      const columns = new Set();
      for (const {tr, boxes} of rows) {
        let any = false;
        boxes.forEach((box, i) => {
          if (!box.text) return;
          total++;
          const match = here && (!verdict.value || box.word === verdict.value) && terms.every(term => box.text.includes(term));
          box.td.classList.toggle('off', !match);
          box.detail.hidden = !match;
          if (!match) return;
          matches++;
          any = true;
          columns.add(i);
        });
        tr.hidden = !any;
      }
      region.hidden = columns.size === 0;
      heads.forEach((th, i) => { th.hidden = i > 0 && filtered && !columns.has(i - 1); });
      for (const {boxes} of rows) boxes.forEach((box, i) => { box.td.hidden = filtered && !columns.has(i); });
    }
    for (const hop of all('.hop')) hop.hidden = !hop.querySelector('details:not([hidden])');
    shown.textContent = matches === total ? '' : `${matches} of ${total} cells`;
  };
  controls.addEventListener('input', apply);
  apply(); // a reloaded page keeps what was chosen
})();
