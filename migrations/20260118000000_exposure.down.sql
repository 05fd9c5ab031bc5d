DROP TABLE exposure;
DROP TABLE shown_page;
