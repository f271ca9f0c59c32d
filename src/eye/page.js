/*
 * Choosing a call in the ladder shows its details beside it; the page can be
 * read without. Nothing here makes markup: classes are set, and the address.
 */
(function () {
	'use strict';

	const details = document.getElementById('details');
	const ladder = document.querySelector('svg.ladder');
	const sections = Array.from(details.querySelectorAll('section.call'));
	const order = new Map(sections.map((section, i) => [section.id, i]));
	let chosen = null;

	function rows(id) {
		return Array.from(ladder.querySelectorAll('a[href="#' + CSS.escape(id) + '"]'));
	}

	function arrows(id) {
		const name = CSS.escape(id);

		return Array.from(ladder.querySelectorAll('[data-from="' + name + '"], [data-to="' + name + '"]'));
	}

	/* The calls at the other ends of its arrows. */
	function others(id) {
		return arrows(id)
			.map((arrow) => arrow.dataset.from === id ? arrow.dataset.to : arrow.dataset.from)
			.filter((other) => other && other !== id);
	}

	function mark(id, on) {
		rows(id).forEach((row) => row.classList.toggle('chosen', on));
		arrows(id).forEach((arrow) => arrow.classList.toggle('chosen', on));
		others(id).forEach((other) => rows(other).forEach((row) => row.classList.toggle('pair', on)));
		sections[order.get(id)].classList.toggle('chosen', on);
	}

	function choose(id) {
		if (chosen)
			mark(chosen, false);
		chosen = order.has(id) ? id : null;
		details.classList.toggle('some', chosen !== null);
		if (!chosen)
			return;
		mark(chosen, true);
		details.scrollTop = 0;
		const row = rows(chosen).pop();
		if (row)
			row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
	}

	/* By keys: no entry in the history for each step, and the focus goes along. */
	function step_to(id) {
		const row = rows(id).find((each) => each.tabIndex === 0) || rows(id)[0];

		history.replaceState(null, '', '#' + id);
		choose(id);
		if (row)
			row.focus({ preventScroll: true });
	}

	function neighbour(by) {
		const at = chosen === null ? -by : order.get(chosen);
		const next = chosen === null && by < 0 ? sections.length - 1 : at + by;

		return sections[next] ? sections[next].id : null;
	}

	function wanted(key) {
		switch (key) {
		case 'ArrowDown':
		case 'j':
			return neighbour(1);
		case 'ArrowUp':
		case 'k':
			return neighbour(-1);
		case 'Home':
			return sections.length ? sections[0].id : null;
		case 'End':
			return sections.length ? sections[sections.length - 1].id : null;
		case 'ArrowLeft':
		case 'ArrowRight':
			return chosen ? others(chosen)[0] : null;
		default:
			return null;
		}
	}

	function from_address() {
		choose(location.hash.slice(1));
	}

	document.documentElement.classList.add('script');
	window.addEventListener('hashchange', from_address);
	/* Not the picture's own: Tab would stop at it. */
	ladder.parentElement.addEventListener('focusin', function (event) {
		const row = event.target.closest('a');

		if (row && row.matches(':focus-visible') && row.getAttribute('href').slice(1) !== chosen)
			step_to(row.getAttribute('href').slice(1));
	});
	document.addEventListener('keydown', function (event) {
		if (event.ctrlKey || event.altKey || event.metaKey)
			return;
		if (event.key === 'Escape' && chosen) {
			history.replaceState(null, '', '#');
			choose('');
			return;
		}
		const id = ladder.contains(document.activeElement) ? wanted(event.key) : null;
		if (id) {
			event.preventDefault();
			step_to(id);
		}
	});
	from_address();
}());
