-- The indexes of a table, a row for each of their columns, in order: the name, whether it keeps values apart, whether it leaves rows
-- out, whether it is that of the primary key, and the column.
SELECT list.name, list."unique", list.partial, list.origin = 'pk', coalesce(info.name, '')
FROM pragma_index_list(?1) AS list JOIN pragma_index_info(list.name) AS info
ORDER BY list.name, info.seqno;
