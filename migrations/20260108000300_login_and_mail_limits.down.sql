DROP TABLE wrong_password, known_client, reset_mails;
