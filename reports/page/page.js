// The page is whole without this: it adds the filter, the switches and the
// sorting of the matrix, and opens the cell that a link leads to where the
// browser does not.
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const cell = target && target.closest('details, li');
    if (!cell) return;
    cell.hidden = false;
    cell.closest('section').hidden = false;
    if (cell.tagName === 'DETAILS') cell.open = true;
    cell.scrollIntoView({block: 'start'});
    const summary = cell.querySelector('summary');
    if (summary) summary.focus({preventScroll: true});
  };
  addEventListener('hashchange', open);
  open();

  const controls = document.getElementById('controls');
  if (!controls) return;
  const query = document.getElementById('q');
  const verdict = document.getElementById('verdict');
  const order = document.getElementById('order');
  const switches = all('[data-switch]', controls);
  const shown = document.getElementById('shown');
  controls.hidden = false;
  controls.addEventListener('submit', event => event.preventDefault());

  // How bad a box is, by the class of its colours; an empty one is last.
  const badness = {'v-broken': 4, 'v-degraded': 3, 'v-fault': 2, 'v-none': 1, 'v-works': 0};
  const bad = td => badness[td.className.split(' ')[0]] ?? -1;

  const tables = all('#matrix .matrix').map(region => {
    const heads = all('thead th', region);
    const body = region.querySelector('tbody');
    const rows = all('tr', body).map((tr, place) => {
      const boxes = all('td', tr).map((td, i) => {
        const link = td.querySelector('a');
        if (!link) return {td, bad: -1};
        return {
          td,
          bad: bad(td),
          word: link.querySelector('b').lastChild.textContent.trim(),
          text: [tr.cells[0].textContent, heads[i + 1].textContent, link.textContent].join(' ').toLowerCase(),
          detail: document.getElementById(link.hash.slice(1)).closest('details, li'),
        };
      });
      return {tr, boxes, place, name: tr.cells[0].textContent};
    });
    const table = {region, heads, body, rows, column: -1};
    heads.forEach((th, i) => {
      if (i === 0) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...th.childNodes);
      button.title = 'worst first';
      th.append(button);
      button.addEventListener('click', () => {
        table.column = table.column === i - 1 ? -1 : i - 1;
        sort(table);
      });
    });
    return table;
  });

  const worst = row => row.boxes.reduce((sum, box) => sum + (box.bad > 0 ? 10 ** box.bad : 0), 0);
  const sort = table => {
    const {rows, body, heads, column} = table;
    const by = column >= 0 ? row => -row.boxes[column].bad : order.value === 'worst' ? row => -worst(row) : () => 0;
    const name = order.value === 'name' && column < 0;
    rows.sort((a, b) => by(a) - by(b) || (name ? a.name.localeCompare(b.name) : 0) || a.place - b.place);
    body.append(...rows.map(row => row.tr));
    heads.forEach((th, i) => {
      if (column >= 0 && i === column + 1) th.setAttribute('aria-sort', 'descending');
      else th.removeAttribute('aria-sort');
    });
  };
  const sortAll = () => tables.forEach(table => { table.column = -1; sort(table); });

  const apply = () => {
    const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = terms.length > 0 || verdict.value !== '';
    let total = 0, matches = 0;
    for (const {region, heads, rows} of tables) {
      const here = switches.every(s => !s.value || s.value === region.dataset[s.dataset.switch]);
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
    for (const hop of all('.hop')) hop.hidden = !hop.querySelector('details.cell:not([hidden]), .briefs li:not([hidden])');
    shown.textContent = matches === total ? '' : `${matches} of ${total} cells`;
  };
  const chosen = () => query.value || verdict.value || switches.some(s => s.value);
  controls.addEventListener('input', apply);
  order.addEventListener('input', sortAll);
  if (chosen()) apply(); // a reloaded page keeps what was chosen
  if (order.value) sortAll();
})();
