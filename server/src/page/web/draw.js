// @ts-check
// The lanes as they run: a dot an update when it arrived, as high as it was late; chosen updates joined across all lanes.

/** What is seen at once, milliseconds: on a wide screen, and on a narrow one. */
const SPAN_MS = { wide: 8000, narrow: 4000 };
/** Heights that a lane may stand for, milliseconds. */
const SCALES_MS = [0.5, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000, 30_000];
/** The share of what is seen that lies within the height; the rest is marked at its edge. */
const WITHIN = 0.97;
/** Frames that are slower than this are counted, milliseconds: two of a screen of 60 Hz, and a bit. */
const SLOW_FRAME_MS = 34;
/** Pixels between the present and the right edge: a dot reaches so far. */
const PAD = 8;
/** Pixels kept free above and below the dots. */
const MARGIN = 10;

/** @typedef {import("./lane.js").Lane} Lane */
/** @typedef {{ lane: Lane, strip: HTMLElement }} Track */

export class Drawing {
  /** Intervals between frames since counting began, and how many of them were slow. */
  frames = 0;
  slow = 0;
  longestMs = 0;
  scaleMs = 1;
  /** The dots: a ring of columns as wide as what is seen, so that each is drawn once, however often it is shown. */
  #ring = document.createElement("canvas").getContext("2d");
  /** How many receipts of each lane are on it, and up to which column it is swept. @type {number[]} */
  #drawn = [];
  #sweptTo = NaN;
  #before = NaN;
  #scaledMs = 0;
  #drawnMs = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Track[]} tracks
   * @param {import("./clock.js").Clock} clock
   */
  constructor(canvas, tracks, clock) {
    this.canvas = canvas;
    this.tracks = tracks;
    this.clock = clock;
    const paper = canvas.getContext("2d");
    if (!paper) throw new Error("this browser draws nothing on a canvas");
    this.paper = paper;
    document.addEventListener("visibilitychange", () => (this.#before = this.#sweptTo = NaN));
    const measured = () => this.#measure();
    new ResizeObserver(measured).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", measured);
    measured();
    requestAnimationFrame((nowMs) => this.#frame(nowMs));
  }

  afresh() {
    this.frames = this.slow = this.longestMs = 0;
  }

  /** @param {number} nowMs */
  #frame(nowMs) {
    requestAnimationFrame((nextMs) => this.#frame(nextMs));
    const intervalMs = nowMs - this.#before;
    this.#before = nowMs;
    if (intervalMs > 0) {
      this.frames += 1;
      this.slow += Number(intervalMs > SLOW_FRAME_MS);
      this.longestMs = Math.max(this.longestMs, intervalMs);
    }
    // Who wants nothing to move is shown a picture a second.
    if (this.#still.matches && nowMs - this.#drawnMs < 1000) return;
    this.#drawnMs = nowMs;
    this.#draw(nowMs);
  }

  #measure() {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const box = canvas.getBoundingClientRect();
    this.width = box.width;
    this.height = box.height;
    [canvas.width, canvas.height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    this.paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = getComputedStyle(canvas);
    const paint = (/** @type {string} */ name) => colours.getPropertyValue(`--${name}`);
    this.paints = { ink: paint("ink"), soft: paint("soft"), axis: paint("axis"), grid: paint("grid"), panel: paint("panel") };
    this.lanes = this.tracks.map(({ lane, strip }) => {
      const place = strip.getBoundingClientRect();
      const [left, top] = [place.left - box.left, place.top - box.top];
      return { lane, left, top: top + MARGIN, right: left + place.width - 6, bottom: top + place.height - MARGIN, paint: paint(lane.transport.name) };
    });
    this.#sweptTo = NaN;
    this.spanMs = (this.lanes[0]?.right ?? 0) - (this.lanes[0]?.left ?? 0) > 600 ? SPAN_MS.wide : SPAN_MS.narrow;
  }

  /** @param {number} nowMs */
  #draw(nowMs) {
    const { paper, lanes = [], width = 0, height = 0 } = this;
    if (nowMs - this.#scaledMs > 500) {
      const scaleMs = this.#scale(nowMs);
      // It grows when it must, and shrinks when it is worth it: all dots are drawn anew.
      if (scaleMs > this.scaleMs || scaleMs < this.scaleMs / 2) [this.scaleMs, this.#sweptTo] = [scaleMs, NaN];
      this.#scaledMs = nowMs;
    }
    paper.clearRect(0, 0, width, height);
    for (const each of lanes) this.#drawGround(each, nowMs);
    this.#drawDots(nowMs);
    this.#join(nowMs);
    for (const each of lanes) this.#drawWords(each);
  }

  /**
   * Sweeps the ring's oldest columns, draws on it what has come, and shows it with the present at the right.
   * @param {number} nowMs
   */
  #drawDots(nowMs) {
    const { paper, lanes = [], canvas, spanMs = 1 } = this;
    const ring = this.#ring;
    const first = lanes[0];
    if (!ring || !first) return;
    const ratio = canvas.height / (this.height || 1);
    const [left, wide] = [Math.round(first.left * ratio), Math.round((first.right - first.left) * ratio)];
    if (wide < 1) return;
    const column = (/** @type {number} */ atMs) => Math.floor((atMs * wide) / spanMs);
    const pad = Math.ceil(PAD * ratio);
    const now = column(nowMs) + pad;
    if (!(now - this.#sweptTo < wide)) {
      [ring.canvas.width, ring.canvas.height] = [wide, canvas.height];
      this.#drawn = lanes.map(({ lane }) => lane.receipts.before(nowMs - spanMs));
    } else {
      for (let from = this.#sweptTo; from < now; ) {
        const to = Math.min(now, from - (from % wide) + wide);
        ring.clearRect(from % wide, 0, to - from, canvas.height);
        from = to;
      }
    }
    this.#sweptTo = now;
    for (const [index, { lane, top, bottom, paint }] of lanes.entries()) {
      const { receipts } = lane;
      // It has the room between two updates, as far as there is any.
      const size = ratio * Math.min(9, Math.max(3, (1100 * wide) / ratio / spanMs / lane.race.stride));
      ring.fillStyle = paint;
      for (let each = this.#drawn[index] ?? 0; each < receipts.length; each += 1) {
        const { stampMs, lateMs } = receipts.at(each);
        // The clock of a new server is not known yet.
        if (Number.isNaN(lateMs)) continue;
        const x = column(stampMs) % wide;
        const share = Math.max(0, lateMs) / this.scaleMs;
        // At the ring's seam it is drawn at both ends.
        for (const at of x < pad ? [x, x + wide] : x > wide - pad ? [x, x - wide] : [x]) {
          if (share <= 1) dot(ring, lane.transport.name, at, ratio * (bottom - share * (bottom - top)), size);
          // Later than there is height for.
          else ring.fillRect(at - 1, ratio * (top - MARGIN + 2), 2, ratio * MARGIN);
        }
      }
      this.#drawn[index] = receipts.length;
    }
    const seam = now % wide;
    paper.save();
    paper.setTransform(1, 0, 0, 1, 0, 0);
    if (seam < wide) paper.drawImage(ring.canvas, seam, 0, wide - seam, canvas.height, left, 0, wide - seam, canvas.height);
    if (seam > 0) paper.drawImage(ring.canvas, 0, 0, seam, canvas.height, left + wide - seam, 0, seam, canvas.height);
    paper.restore();
  }

  /**
   * The height that holds nearly all that is seen, in every lane.
   * @param {number} nowMs
   */
  #scale(nowMs) {
    let most = 0;
    for (const { lane } of this.lanes ?? []) {
      const seen = [];
      for (const place of lane.receipts.newestFirst()) {
        if ((lane.receipts.stampMs[place] ?? 0) < nowMs - (this.spanMs ?? 0) || seen.length >= 2000) break;
        seen.push(lane.receipts.lateMs[place] || 0);
      }
      seen.sort((a, b) => a - b);
      most = Math.max(most, seen[Math.floor((seen.length - 1) * WITHIN)] ?? 0);
    }
    return SCALES_MS.find((scale) => scale > most * 1.1) ?? most * 1.1;
  }

  /**
   * @param {{ left: number, right: number, top: number, bottom: number }} each
   * @param {number} nowMs
   */
  #drawGround({ left, right, top, bottom }, nowMs) {
    const { paper, scaleMs, paints, spanMs = 1 } = this;
    if (!paints) return;
    const height = bottom - top;
    const pixels = (right - left) / spanMs;
    // How far the clocks may be apart.
    const bound = this.clock.known ? Math.min(1, this.clock.boundMs(nowMs) / scaleMs) * height : 0;
    paper.fillStyle = paints.grid;
    paper.fillRect(left, bottom - bound, right - left, Math.max(bound, 1));
    paper.strokeStyle = paints.grid;
    paper.lineWidth = 1;
    paper.beginPath();
    for (const share of [0.5, 1]) {
      const y = Math.round(bottom - share * height) + 0.5;
      paper.moveTo(left, y);
      paper.lineTo(right, y);
    }
    // Seconds of the server's clock, so that all lanes and all pages have the same.
    const now = this.clock.known ? this.clock.serverMs(nowMs) : nowMs;
    for (let x = right - PAD - (now % 1000) * pixels; x > left; x -= 1000 * pixels) {
      paper.moveTo(Math.round(x) + 0.5, top);
      paper.lineTo(Math.round(x) + 0.5, bottom);
    }
    paper.stroke();
  }

  /** @param {{ left: number, top: number, bottom: number }} each */
  #drawWords({ left, top, bottom }) {
    const { paper, scaleMs, paints } = this;
    if (!paints) return;
    // The words over the dots, on their own ground.
    paper.font = "13px system-ui, sans-serif";
    for (const [text, y] of /** @type {[string, number][]} */ ([[`${scaleMs} ms late`, top + 12], ["0", bottom - 4]])) {
      const wide = paper.measureText(text).width;
      paper.globalAlpha = 0.8;
      paper.fillStyle = paints.panel;
      paper.fillRect(left + 2, y - 12, wide + 6, 16);
      paper.globalAlpha = 1;
      paper.fillStyle = paints.soft;
      paper.fillText(text, left + 5, y);
    }
  }

  /**
   * A line through one update in all lanes that have had it.
   * @param {number} nowMs
   */
  #join(nowMs) {
    const { paper, lanes = [], scaleMs, paints, spanMs = 1 } = this;
    if (!paints) return;
    paper.save();
    // Not through the words, where these stand above the dots.
    paper.beginPath();
    for (const { left, right, top, bottom } of lanes) {
      if (spanMs === SPAN_MS.narrow) paper.rect(left, top - MARGIN, right - left, bottom - top + 2 * MARGIN);
      else paper.rect(left, 0, right - left, this.height ?? 0);
    }
    paper.clip();
    // Not any one lane's: a browser may lack its transport.
    for (const seq of new Set(lanes.flatMap(({ lane }) => [...lane.joined.keys()]))) {
      const points = [];
      for (const { lane, left, right, top, bottom } of lanes) {
        const had = lane.joined.get(seq);
        if (!had) continue;
        const x = right - PAD - ((nowMs - had.stampMs) * (right - left)) / spanMs;
        const share = Math.min(1, Math.max(0, had.lateMs) / scaleMs);
        if (x >= left) points.push({ x, y: bottom - share * (bottom - top) });
      }
      if (points.length < 2) continue;
      paper.strokeStyle = paints.ink;
      paper.lineWidth = 1.25;
      paper.beginPath();
      for (const { x, y } of points) paper.lineTo(x, y);
      paper.stroke();
      for (const { x, y } of points) {
        paper.beginPath();
        paper.arc(x, y, 6, 0, 2 * Math.PI);
        paper.stroke();
      }
    }
    paper.restore();
  }
}

/**
 * Told apart by form as well as by colour, where there is room for it.
 * @param {CanvasRenderingContext2D} paper
 * @param {string} name
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function dot(paper, name, x, y, size) {
  const half = size / 2;
  if (size < 5 || name === "sse") return paper.fillRect(x - half, y - half, size, size);
  paper.beginPath();
  if (name === "websocket") paper.arc(x, y, half, 0, 2 * Math.PI);
  else {
    paper.moveTo(x, y - half - 1);
    paper.lineTo(x + half + 1, y + half);
    paper.lineTo(x - half - 1, y + half);
  }
  return paper.fill();
}
