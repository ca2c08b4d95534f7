import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase, utf8 } from '@parley/testkit';
import { Chats } from './chats.js';
import { Rig } from './rig.js';
import { indexAll } from './search-index.js';

/** Messages of one language, and for each query the messages that its reader expects to find. */
interface Language {
  readonly messages: readonly string[];
  readonly queries: Readonly<Record<string, readonly number[]>>;
}

const languages: Readonly<Record<string, Language>> = {
  English: {
    messages: [
      'Shall we meet at the café near the old station?',
      'The meeting was moved to Thursday',
      "I can't come, sorry - my e-mail is ann@example.com",
      'Version 3.14 of the server is out 🎉',
      'naïve résumé parsing FAILED again',
      'See https://example.org/guide for snake_case names',
      'Flights 🇩🇪🇫🇷 and 👩‍🚀',
    ],
    queries: {
      cafe: [0],
      CAFÉ: [0],
      meet: [0, 1],
      '"meet"': [0],
      'station old': [0],
      '"old station"': [0],
      '"station old"': [],
      'e-mail': [2],
      'example.com': [2],
      '3.14': [3],
      '🎉': [3],
      '🇩🇪': [6],
      '🇫🇷': [6],
      '🇪🇫': [],
      '"🇩🇪🇫🇷"': [6],
      resume: [4],
      failed: [4],
      guide: [5],
      case: [5],
      'thursday moved': [1],
    },
  },
  German: {
    messages: [
      'Das Straßenfest in München war schön',
      'Grüße aus Köln, wir kommen später',
      'Die STRASSE ist gesperrt',
      'Muenchen liegt an der Isar',
      'Der Haustürschlüssel liegt beim Nachbarn',
      'Übermorgen fährt der Zug um 7:30 Uhr',
    ],
    queries: {
      straße: [0, 2],
      strasse: [0, 2],
      münchen: [0, 3],
      munchen: [0],
      muenchen: [0, 3],
      grusse: [1],
      Gruesse: [1],
      KÖLN: [1],
      haustür: [4],
      übermorgen: [5],
      '7:30': [5],
      '"der Zug"': [5],
    },
  },
  Russian: {
    messages: [
      'Ёлка уже стоит, приходите вечером',
      'Мой поезд опаздывает на час',
      'Новые книги лежат на столе',
      'Всё хорошо, спасибо!',
      'Встреча перенесена на четверг',
      'Москва́ слезам не верит',
    ],
    queries: {
      ёлка: [0],
      елка: [0],
      все: [3],
      ВСЁ: [3],
      мой: [1],
      книг: [2],
      поезд: [1],
      '"на столе"': [2],
      москва: [5],
      'четверг встреча': [4],
    },
  },
  Chinese: {
    messages: [
      '我家在上海东边',
      '明天上海的天气怎么样？',
      '我们在北京大学门口见面',
      '研究生命的起源',
      '這是繁體中文的訊息',
      '会议改到星期四下午三点',
    ],
    queries: {
      上海: [0, 1],
      上海天气: [1],
      '"上海天气"': [],
      天气: [1],
      北京大学: [2],
      大学: [2],
      研究生: [3],
      生命: [3],
      繁體: [4],
      猫: [],
      家: [0],
      '星期四 会议': [5],
    },
  },
  Japanese: {
    messages: [
      '東京タワーに行きました',
      '明日の会議は十時からです',
      'ﾃﾚﾋﾞを見ています',
      'カレーを食べたい',
      '今日はいい天気ですね',
      '新しいパソコンを買った',
    ],
    queries: {
      東京: [0],
      タワー: [0],
      東京タワー: [0],
      会議: [1],
      テレビ: [2],
      カレー: [3],
      食べる: [],
      食べ: [3],
      天気: [4],
      パソコン: [5],
      見て: [2],
    },
  },
  Korean: {
    messages: [
      '학교에서 공부하고 있어요',
      '내일 회의가 취소되었습니다',
      '서울역 앞에서 만나요',
      '초등학교 친구를 만났다',
      '맛있는 김치찌개를 먹었어요',
      '새 컴퓨터를 샀습니다',
    ],
    queries: {
      학교: [0, 3],
      회의: [1],
      서울역: [2],
      서울: [2],
      친구: [3],
      김치찌개: [4],
      찌개: [4],
      컴퓨터: [5],
      '내일 회의': [1],
      도서관: [],
    },
  },
  Thai: {
    messages: [
      'ฉันไปโรงเรียนทุกวัน',
      'รถไฟฟ้าในกรุงเทพมาช้า',
      'พรุ่งนี้ฝนจะตกไหม',
      'อาหารไทยอร่อยมาก',
      'น้ำแข็งหมดแล้ว',
      'เจอกันที่สถานีตอนเย็น',
    ],
    queries: {
      โรงเรียน: [0],
      ทุกวัน: [0],
      รถไฟฟ้า: [1],
      กรุงเทพ: [1],
      รถไฟฟ้ากรุงเทพ: [1],
      ฝน: [2],
      อาหาร: [3],
      น้ำแข็ง: [4],
      สถานี: [5],
      แมว: [],
    },
  },
  Arabic: {
    messages: [
      'الكِتَابُ على الطاولة',
      'أين المدرسة الجديدة؟',
      'شكراً جزيلاً يا أحمد',
      'سنلتقي غداً في المقهى',
      'هذا كتـــاب جميل',
      'إلى اللقاء وبالتوفيق',
    ],
    queries: {
      كتاب: [0, 4],
      الكتاب: [0],
      الكِتاب: [0],
      مدرسة: [1],
      مدرسه: [1],
      اين: [1],
      احمد: [2],
      شكرا: [2],
      المقهى: [3],
      المقهي: [3],
      الى: [5],
      توفيق: [5],
    },
  },
};

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 4, 'test indexer');
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

test.each(Object.entries(languages))(
  '%s: each query finds the messages that a reader expects',
  async (_name, { messages, queries }) => {
    const me = await rig.person();
    const id = await chats.make(me, 'group');
    await chats.tell(id, me, ...messages);
    await indexAll(rig, pool);
    const found: Record<string, readonly number[]> = {};
    for (const text of Object.keys(queries)) {
      const { messages: matches } = await chats.search(me, { text, channelId: id });
      found[text] = matches.map(({ data }) => messages.indexOf(utf8(data))).toReversed();
    }
    expect(found).toEqual(queries);
  },
);
